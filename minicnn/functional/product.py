"""The product of two matrices, as an operation: what Linear, matmul, mm and their gradients are made of."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.functional.common import SumTo
from minicnn.kernels import dispatch, layout
from minicnn.kernels.gemm import Sizes


def product(a: Any, b: Any, bias: Any = None, order: str | None = None) -> Any:
    """a (M, K) @ b (K, N) [+ bias (N,)] of raw arrays, in memory order `order`; by default that of `a`."""
    a, a_order = _dense(a)
    b, b_order = _dense(b)
    epilogue = () if bias is None else ("bias",)
    sizes = Sizes(a.shape[0], b.shape[1], a.shape[1], a.dtype, a_order, b_order, order or a_order, epilogue)
    (c,) = dispatch.run("gemm", sizes, a, b, *(() if bias is None else (bias,)))
    return c


def _dense(matrix: Any) -> tuple[Any, str]:
    order = layout.order_of(matrix)
    return (matrix.copy(order="C"), layout.PLAIN) if order == layout.ANY else (matrix, order)


class Mm(Operation):
    """a @ b; `order` is the memory order of the result (of a, if None)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any, order: str | None) -> Any:
        ctx.save(a if ctx.needs(1) else None, b if ctx.needs(0) else None)
        return product(a, b, order=order)

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        return (
            Mm(grad, b.T, None) if ctx.needs(0) else None,
            Mm(a.T, grad, layout.PLAIN) if ctx.needs(1) else None,
            None,
        )


class Linear(Operation):
    """input @ weightᵀ + bias, for input (N, in), weight (out, in)"""

    keeps_layout = True

    def forward(ctx, input: Any, weight: Any, bias: Any) -> Any:
        ctx.save(input if ctx.needs(1) else None, weight if ctx.needs(0) else None)
        return product(input, weight.T, bias)

    def backward(ctx, grad: Any) -> Any:
        input, weight = ctx.saved()
        return (
            Mm(grad, weight, None) if ctx.needs(0) else None,
            Mm(grad.T, input, layout.PLAIN) if ctx.needs(1) else None,
            SumTo(grad, (grad.shape[1],)) if ctx.needs(2) else None,
        )

    def name(ctx) -> str:
        return "AddmmBackward0"
