"""BatchNorm1d and BatchNorm2d."""

from __future__ import annotations

from typing import Any

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.functional.batch_norm import normalised
from minicnn.functional.creation import empty, ones, tensor, zeros
from minicnn.misfit import telling
from minicnn.nn import init
from minicnn.nn.module import Module
from minicnn.nn.parameter import Parameter


class _BatchNorm(Module):
    _version = 2  # since num_batches_tracked
    axes: tuple[int, ...]
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        place = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **place)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **place)) if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **place) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **place) if tracked else None)
        count = tensor(0, dtype=dtypes.int64, device=device) if tracked else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Mean 0, variance 1, no batch seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0; the running statistics anew."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    @telling
    def forward(self, input: Tensor) -> Tensor:
        """The normalised input; in training the running statistics move towards those of the batch."""
        if input.ndim not in self.axes:
            expected = " or ".join(f"{n}D" for n in self.axes)
            raise ValueError(f"expected {expected} input (got {input.ndim}D input)")
        # without running statistics the batch's own serve in evaluation, too
        from_batch = self.training or self.running_mean is None
        running = (self.running_mean, self.running_var) if self.track_running_stats or not from_batch else (None, None)
        momentum = -1.0 if self.momentum is None else self.momentum
        count = self.num_batches_tracked if self.training and self.track_running_stats else None
        return normalised(input, *running, self.weight, self.bias, from_batch, momentum, self.eps, count)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *more: Any) -> None:
        key = f"{prefix}num_batches_tracked"
        if local_metadata.get("version", 1) < 2 and self.num_batches_tracked is not None and key not in state_dict:
            state_dict[key] = self.num_batches_tracked  # files from before there was such a count
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *more)

    def extra_repr(self) -> str:
        options = ("eps", "momentum", "affine", "bias", "track_running_stats")
        shown = {name: getattr(self, name) for name in options} | {"bias": self.bias is not None}
        return ", ".join([f"{self.num_features}", *(f"{name}={value}" for name, value in shown.items())])


class BatchNorm1d(_BatchNorm):
    """(x - mean) / √(var + eps) · weight + bias, channel by channel, of (N, C) or (N, C, L).

    In training, mean and variance are those of the batch (over N and L), and the running ones go towards them by
    `momentum` (None: by 1 / number of batches, which is their mean); in evaluation the running ones are taken.
    `affine` False leaves out weight and bias, `bias` False the bias alone; without `track_running_stats` the batch's
    own statistics serve in evaluation, too (Ioffe & Szegedy 2015).
    """

    axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """As BatchNorm1d, of images (N, C, H, W): mean and variance are over N, H and W.

    >>> import minicnn
    >>> from minicnn import nn
    >>> layer = nn.BatchNorm2d(3)
    >>> layer(minicnn.randn(8, 3, 4, 4)).shape
    minicnn.Size([8, 3, 4, 4])
    >>> layer.num_batches_tracked
    tensor(1)
    """

    axes = (4,)
