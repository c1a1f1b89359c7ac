"""Padding layers: a border of zeros, of another constant, mirrored, repeated, or from the other side.

`padding` is a number for all sides, or (left, right) for lines, (left, right, top, bottom) for images; negative
numbers cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.nn import functional as F
from minicnn.nn.module import Module


class _Pad(Module):
    """`sides` numbers of padding, 2 for each axis, and how F.pad is to fill them."""

    sides: int
    mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, Iterable) else (padding,) * self.sides

    def forward(self, input: Tensor) -> Tensor:
        """`input` with its border."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """`input` with its border."""
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of `value` left and right of lines (N, C, L) or (C, L)."""

    sides = 2


class ConstantPad2d(_ConstantPad):
    """A border of `value` around images (N, C, H, W) or (C, H, W)."""

    sides = 4


class ZeroPad1d(ConstantPad1d):
    """A border of zeros left and right of lines (N, C, L) or (C, L)."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """A border of zeros around images (N, C, H, W) or (C, H, W).

    >>> import minicnn
    >>> from minicnn import nn
    >>> nn.ZeroPad2d((1, 0, 0, 1))(minicnn.ones(1, 1, 2))
    tensor([[[0., 1., 1.],
             [0., 0., 0.]]])
    """

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_Pad):
    """Lines (N, C, L) or (C, L) mirrored at both ends, the end itself not repeated; narrower than the line."""

    sides, mode = 2, "reflect"


class ReflectionPad2d(_Pad):
    """Images (N, C, H, W) or (C, H, W) mirrored at their edges, the edge itself not repeated; narrower than the image.

    >>> import minicnn
    >>> from minicnn import nn
    >>> nn.ReflectionPad2d((2, 1, 0, 0))(minicnn.arange(3.0).reshape(1, 1, 3))
    tensor([[[2., 1., 0., 1., 2., 1.]]])
    """

    sides, mode = 4, "reflect"


class ReplicationPad1d(_Pad):
    """Lines (N, C, L) or (C, L) with their first and last number repeated."""

    sides, mode = 2, "replicate"


class ReplicationPad2d(_Pad):
    """Images (N, C, H, W) or (C, H, W) with the pixels of their edges repeated."""

    sides, mode = 4, "replicate"


class _CircularPad(_Pad):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """`input` with its border."""
        axes = self.sides // 2
        if input.dim() not in (axes + 1, axes + 2):
            raise ValueError(f"expected {axes + 1}D or {axes + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPad):
    """Lines (N, C, L) or (C, L) with what stands at the other end in front and behind."""

    sides = 2


class CircularPad2d(_CircularPad):
    """Images (N, C, H, W) or (C, H, W) with a border that shows the other side."""

    sides = 4
