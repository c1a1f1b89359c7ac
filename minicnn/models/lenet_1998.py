"""LeNet-5 as it was published: partial connections, trainable sub-sampling, and a picture of each digit as the goal.

    32×32  C1: 6@28×28  S2: 6@14×14  C3: 16@10×10  S4: 16@5×5  C5: 120@1×1  F6: 84   output: 10 distances
              156          12           1,516          32        48,120       10,164     = 60,000 parameters

Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-Based Learning Applied to Document Recognition", section II.B
and appendix A. What differs: the training. The paper's stochastic diagonal Levenberg-Marquardt is Adam here.
"""

from __future__ import annotations

from minicnn import nn
from minicnn.autograd.tensor import Tensor
from minicnn.functional import zeros
from minicnn.models.digit_bitmaps import digit_bitmaps
from minicnn.nn import functional as F

CONNECTIONS = (  # table I: which maps of S2 each map of C3 sees
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),  # three neighbours
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),  # four neighbours
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),  # four that are not
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


class ScaledTanh(nn.Module):
    """1.7159 · tanh(2/3 · x), element by element: 1 and -1 are where it bends most, and map to themselves."""

    def forward(self, x: Tensor) -> Tensor:
        """The squashed values."""
        result: Tensor = 1.7159 * F.tanh(x * (2 / 3))
        return result


class Subsampling(nn.Module):
    """(N, C, H, W) to (N, C, H/2, W/2): sums of 2×2 pixels, times a coefficient, plus a bias, both learned per map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(zeros(channels))
        self.bias = nn.Parameter(zeros(channels))
        _start(self.weight, 4)
        _start(self.bias, 4)

    def forward(self, x: Tensor) -> Tensor:
        """The smaller maps."""
        sums = F.avg_pool2d(x, 2, divisor_override=1)
        result: Tensor = sums * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return result


class PartialConv2d(nn.Module):
    """A 5×5 convolution whose map k sees the maps `connections[k]` of its input, and has no weights for the others.

    `weight` (connections, 25) holds a filter for each connection and nothing else. A matrix of zeros and ones puts
    the filters into the full weight (maps, channels, 5, 5), with zeros between them, and one full convolution is
    computed. It multiplies by those zeros, too, 96 filters in place of 60, and is still faster than sixteen small
    convolutions; grouped ones need groups that do not overlap, and these do.
    """

    def __init__(self, channels: int, connections: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.maps, self.channels = len(connections), channels
        pairs = [(k, channel) for k, seen in enumerate(connections) for channel in seen]
        self.weight = nn.Parameter(zeros(len(pairs), 25))
        self.bias = nn.Parameter(zeros(self.maps))
        spread = zeros(self.maps * channels, len(pairs))
        for number, (k, channel) in enumerate(pairs):
            _start(self.weight.data[number], 25 * len(connections[k]))
            spread[k * channels + channel, number] = 1
        for k, seen in enumerate(connections):
            _start(self.bias.data[k], 25 * len(seen))
        self.register_buffer("spread", spread, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, maps, H - 4, W - 4)."""
        filters = (self.spread @ self.weight).view(self.maps, self.channels, 5, 5)
        result: Tensor = F.conv2d(x, filters, self.bias)
        return result

    def extra_repr(self) -> str:
        return f"{self.channels}, {self.maps}, kernel_size=(5, 5), connections={len(self.weight)}"


class RadialBasis(nn.Module):
    """(N, D) points to (N, K) scores: minus the squared distance to each of K fixed centres, `centres` (K, D)."""

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, x: Tensor) -> Tensor:
        """The scores: 0 at the centre, and lower the farther away."""
        result: Tensor = -(x.unsqueeze(1) - self.centres).square().sum(2)
        return result


class MAPLoss(nn.Module):
    """The paper's loss (equation 9), the mean over the batch of y[d] + log(exp(-j) + sum over i of exp(-y[i])).

    y are the distances (minus the scores), d is the right class. It is cross-entropy with one class more, "no digit
    at all", whose distance is always `j`: what is farther than that from the pixels need not be pushed away.
    """

    def __init__(self, j: float = 0.1) -> None:
        super().__init__()
        self.j = j

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores (N, 10) and classes (N)."""
        loss: Tensor = F.cross_entropy(F.pad(input, (0, 1), value=-self.j), target)
        return loss


class LeNet5Of1998(nn.Module):
    """(N, 1, 32, 32) images to (N, 10) scores, minus the distances from the digits' bitmaps; 60,000 parameters.

    The images: 28×28 digits in a frame, the background at -0.1, the ink at 1.175 (so that their mean is about 0
    and their variance about 1).
    """

    def __init__(self) -> None:
        super().__init__()
        c1, c5 = nn.Conv2d(1, 6, 5), nn.Conv2d(16, 120, 5)
        f6 = nn.Linear(120, 84)
        for layer, inputs in ((c1, 25), (c5, 400), (f6, 120)):
            _start(layer.weight, inputs)
            _start(layer.bias, inputs)
        self.features = nn.Sequential(
            c1,  # (N, 6, 28, 28)
            ScaledTanh(),
            Subsampling(6),  # (N, 6, 14, 14)
            ScaledTanh(),
            PartialConv2d(6, CONNECTIONS),  # (N, 16, 10, 10)
            ScaledTanh(),
            Subsampling(16),  # (N, 16, 5, 5)
            ScaledTanh(),
            c5,  # (N, 120, 1, 1)
            ScaledTanh(),
        )
        self.f6 = nn.Sequential(f6, ScaledTanh())
        self.output = RadialBasis(digit_bitmaps().flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the ten digits."""
        scores: Tensor = self.output(self.f6(self.features(x).flatten(1)))
        return scores


def lenet5_1998() -> LeNet5Of1998:
    """LeNet-5 as published in 1998, for 32×32 images.

    >>> sum(p.numel() for p in lenet5_1998().parameters())
    60000
    """
    return LeNet5Of1998()


def _start(values: Tensor, inputs: int) -> None:
    """The paper's start: uniform within 2.4 / (inputs of the unit) of 0 (appendix A)."""
    nn.init.uniform_(values, -2.4 / inputs, 2.4 / inputs)
