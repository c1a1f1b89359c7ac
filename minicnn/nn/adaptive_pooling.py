"""Adaptive pooling layers: the size of the output is given, the windows follow from it."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.nn import functional as F
from minicnn.nn.module import Module


class _Adaptive(Module):
    output_size: Any

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_Adaptive):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means over windows chosen so that the output is `output_size` long: (N, C, L) becomes (N, C, output_size)."""

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means over windows chosen so that the output is `output_size` (a number, or a pair with None for
    "as the input"): (N, C, H, W) becomes (N, C, *output_size); 1 is global average pooling."""

    def forward(self, input: Tensor) -> Tensor:
        """The pooled input."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class _AdaptiveMaxPool(_Adaptive):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest value of each of `output_size` windows that divide the line: (N, C, L) becomes
    (N, C, output_size); with `return_indices` the pair (values, places in the line)."""

    def forward(self, input: Tensor) -> Any:
        """The pooled input, or (values, indices)."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest value of each of the windows that divide the image into `output_size` (a number, or a pair with
    None for "as the input"): (N, C, H, W) becomes (N, C, *output_size); with `return_indices` the pair (values, flat
    index in the plane H·W)."""

    def forward(self, input: Tensor) -> Any:
        """The pooled input, or (values, indices)."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)
