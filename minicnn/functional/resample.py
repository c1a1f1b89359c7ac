"""Images whose pixels are weighted sums over few rows and columns of others: what interpolation, adaptive pooling and
padding by reflection have in common (kernels/resample)."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.functional.common import memory_order
from minicnn.kernels import dispatch
from minicnn.kernels.resample import Axis, Sizes


class Resample(Operation):
    """A · x · Bᵀ of each plane, or with `adjoint` Aᵀ · x · B, which is the gradient; `node` is its name in the graph"""

    keeps_layout = True

    def forward(ctx, x: Any, rows: Axis, columns: Axis, node: str, *, adjoint: bool = False) -> Any:
        ctx.axes, ctx.node, ctx.adjoint = (rows, columns), node, adjoint
        sizes = Sizes(x.shape[0], x.shape[1], rows, columns, adjoint, x.dtype, memory_order(x))
        (y,) = dispatch.run("resample", sizes, x)
        return y

    def backward(ctx, grad: Any) -> Any:
        return Resample(grad, *ctx.axes, ctx.node, adjoint=not ctx.adjoint), None, None, None

    def name(ctx) -> str:
        return ctx.node


def same(length: int) -> Axis:
    """The axis as it is."""
    return Axis("same", length, length)
