"""The product of two matrices, as an operation: what Linear, matmul, mm and their gradients are made of."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.functional.common import Expand, SumTo
from minicnn.kernels import dispatch, layout
from minicnn.kernels.gemm import Sizes


def product(a: Any, b: Any, bias: Any = None, order: str | None = None, row_sums: bool = False) -> Any:
    """a (M, K) @ b (K, N) [+ bias (N,)] of raw arrays, in memory order `order`; by default that of `a`.

    With `row_sums` also the sums of the rows of `a`, (M,).
    """
    a, a_order = _dense(a)
    b, b_order = _dense(b)
    epilogue = ("bias",) * (bias is not None) + ("row_sums",) * row_sums
    sizes = Sizes(a.shape[0], b.shape[1], a.shape[1], a.dtype, a_order, b_order, order or a_order, epilogue)
    outs = dispatch.run("gemm", sizes, a, b, *(() if bias is None else (bias,)))
    return outs if row_sums else outs[0]


def _dense(matrix: Any) -> tuple[Any, str]:
    order = layout.order_of(matrix)
    return (dispatch.contiguous(matrix), layout.PLAIN) if order == layout.ANY else (matrix, order)


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
        grad_weight = grad_bias = None
        if ctx.needs(1) and ctx.needs(2):
            grad_weight, grad_bias = LinearWeight(grad, input, True)
        elif ctx.needs(1):
            grad_weight = LinearWeight(grad, input, False)
        elif ctx.needs(2):
            grad_bias = SumTo(grad, (grad.shape[1],))
        return Mm(grad, weight, None) if ctx.needs(0) else None, grad_weight, grad_bias

    def name(ctx) -> str:
        return "AddmmBackward0"


class LinearWeight(Operation):
    """The adjoint of Linear in the weight, gradᵀ @ input, and with `bias` in the bias, Σ grad"""

    keeps_layout = True

    def forward(ctx, grad: Any, input: Any, bias: bool) -> Any:
        ctx.save(grad if ctx.needs(1) else None, input if ctx.needs(0) else None)
        return product(grad.T, input, None, layout.PLAIN, bias)

    def backward(ctx, grad_weight: Any, grad_bias: Any = None) -> Any:
        grad, input = ctx.saved()
        grad_grad = grad_input = None
        if ctx.needs(0) and grad_weight is not None:
            grad_grad = Linear(input, grad_weight, grad_bias)
        elif ctx.needs(0):  # only the gradient of the bias was used
            grad_grad = Expand(grad_bias.reshape(1, -1), (input.shape[0], grad_bias.shape[0]))
        if ctx.needs(1) and grad_weight is not None:
            grad_input = Mm(grad, grad_weight, None)
        return grad_grad, grad_input, None
