"""Contract: images in which every pixel is a weighted sum over a few rows and columns of the input, and the adjoint.

Enlarging, shrinking, padding by reflection, replication or wrapping around, windows of unequal size: all of them are

    y[n,c] = A · x[n,c] · Bᵀ        A (OH, H) for the rows, B (OW, W) for the columns

with matrices of which a row holds one number, or two, or a few. Each is named by an `Axis`: a rule of
kernels/resample/rules.py, the two lengths, and the numbers that the rule wants.

adjoint   ins                   outs
False     x (N, C, H, W)        y (N, C, OH, OW)
True      g (N, C, OH, OW)      dx = Aᵀ · g · B   (N, C, H, W)

Both in memory order `order`. A number of x that has no weight in a sum does not touch it, be it infinite or NaN.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Axis(NamedTuple):
    """Along one axis: `length` numbers before, `new_length` of them after."""

    rule: str
    length: int
    new_length: int
    numbers: tuple[float, ...] = ()


class Sizes(NamedTuple):
    """Everything but the numbers."""

    N: int
    C: int
    rows: Axis
    columns: Axis
    adjoint: bool
    dtype: Any
    order: str

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of what is read."""
        return (self.N, self.C, *((axis.new_length if self.adjoint else axis.length) for axis in self[2:4]))

    @property
    def out_shape(self) -> tuple[int, ...]:
        """The shape of what is written."""
        return (self.N, self.C, *((axis.length if self.adjoint else axis.new_length) for axis in self[2:4]))
