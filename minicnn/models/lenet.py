"""LeNet-5, and its ReLU variant.

Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-Based Learning Applied to Document Recognition",
figure 2, in the form that courses use: full connections, average pooling, tanh, a linear output.
"""

from __future__ import annotations

from minicnn import nn
from minicnn.autograd.tensor import Tensor


class LeNet5(nn.Module):
    """(N, 1, 32, 32) images to (N, 10) scores; 61,706 parameters.

    `softmax_output` puts a softmax at the end, as the course's literal model does; cross-entropy then
    applies it twice, which confines the loss to [1.4612, 2.4612] and slows the learning.
    """

    def __init__(self, num_classes: int = 10, softmax_output: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5),  # (N, 6, 28, 28)
            nn.Tanh(),
            nn.AvgPool2d(2),  # (N, 6, 14, 14)
            nn.Conv2d(6, 16, 5),  # (N, 16, 10, 10)
            nn.Tanh(),
            nn.AvgPool2d(2),  # (N, 16, 5, 5)
            nn.Conv2d(16, 120, 5),  # (N, 120, 1, 1)
            nn.Tanh(),
        )
        self.classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, num_classes))
        self.softmax = nn.Softmax(dim=1) if softmax_output else None

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores if self.softmax is None else self.softmax(scores)


class LeNet5ReLU(nn.Module):
    """(N, 1, 28, 28) images to (N, 10) scores; 545,546 parameters: ReLU, max pooling, padded convolutions."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),  # (N, 6, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 6, 14, 14)
            nn.Conv2d(6, 16, 5, padding=2),  # (N, 16, 14, 14)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 16, 7, 7)
            nn.Conv2d(16, 120, 5, padding=2),  # (N, 120, 7, 7)
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(nn.Linear(120 * 7 * 7, 84), nn.ReLU(), nn.Linear(84, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        scores: Tensor = self.classifier(self.features(x).flatten(1))
        return scores


def lenet5(num_classes: int = 10, softmax_output: bool = False) -> LeNet5:
    """LeNet-5 with tanh and average pooling, for 32×32 images.

    >>> sum(p.numel() for p in lenet5().parameters())
    61706
    """
    return LeNet5(num_classes, softmax_output)


def lenet5_relu(num_classes: int = 10) -> LeNet5ReLU:
    """LeNet-5 with ReLU and max pooling, for 28×28 images.

    >>> sum(p.numel() for p in lenet5_relu().parameters())
    545546
    """
    return LeNet5ReLU(num_classes)
