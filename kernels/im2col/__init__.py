"""Contract: im2col, the windows of an image written as columns (torch.nn.functional.unfold).

    columns[n, (c·KH + r)·KW + s, oh·OW + ow] = x[n, c, oh·sh - ph + r·dh, ow·sw - pw + s·dw]   (0 outside)

ins   x (N, C, H, W), plain
outs  columns (N, C·KH·KW, OH·OW), plain

A 3×3 window sliding over a 4×4 image gives 2·2 columns of 9; the second one is

    a b c d        b
    e f g h        c        a convolution is then a matrix product: row k of the filter
    i j k l   ->   d        matrix times this column is output pixel (0, 1) of filter k
    m n o p        f g h j k l
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Everything about an im2col (and its adjoint, col2im) but its numbers."""

    N: int
    C: int
    H: int
    W: int
    KH: int
    KW: int
    OH: int
    OW: int
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    dtype: Any

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """The shape of the image."""
        return (self.N, self.C, self.H, self.W)

    @property
    def columns_shape(self) -> tuple[int, int, int]:
        """The shape of the columns."""
        return (self.N, self.C * self.KH * self.KW, self.OH * self.OW)
