"""Element by element: sums, differences, products, and the quotient that their gradients need.

Two operands broadcast as in NumPy; the gradient of a broadcast operand is summed back to its shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import Number, check_tensor, matched, operands, sum_to


class Add(Operation):
    """a + b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        return a + b

    def backward(ctx, grad: Any) -> Any:
        return tuple(sum_to(grad, s) if ctx.needs(i) else None for i, s in enumerate(ctx.shapes))


@operation(method="add", operators=("__add__", "__radd__", "__iadd__"), inplace=True)
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha · other, broadcast."""
    input, other = operands(input, other, name="add")
    _check_alpha(alpha, input, other)
    return Add(input, other if alpha == 1 else other * alpha)


class Sub(Operation):
    """a - b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        return a - b

    def backward(ctx, grad: Any) -> Any:
        a_shape, b_shape = ctx.shapes
        return (
            sum_to(grad, a_shape) if ctx.needs(0) else None,
            sum_to(-grad, b_shape) if ctx.needs(1) else None,
        )


@operation(method="sub", operators=("__sub__", "__rsub__", "__isub__"), inplace=True)
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha · other, broadcast."""
    if any(isinstance(x, bool) or (isinstance(x, Tensor) and x._array.dtype == bool) for x in (input, other)):
        a, b = (x.dtype if isinstance(x, Tensor) else type(x).__name__ for x in (input, other))
        raise RuntimeError(
            f"Subtraction, the `-` operator, with a bool tensor is not supported; use ^ or ~, or convert: got {a} - {b}"
        )
    input, other = operands(input, other, name="sub")
    _check_alpha(alpha, input, other)
    return Sub(input, other if alpha == 1 else other * alpha)


def _check_alpha(alpha: Any, input: Any, other: Any) -> None:
    """TypeError, RuntimeError for an `alpha` that is no number of the operands' kind."""
    if not isinstance(alpha, int | float | np.number | np.bool_):
        raise TypeError(f"argument `alpha` must be Number, not {type(alpha).__name__}: got {alpha!r}")
    kinds = {x._array.dtype.kind if isinstance(x, Tensor) else np.asarray(x).dtype.kind for x in (input, other)}
    if isinstance(alpha, bool | np.bool_) and kinds != {"b"}:
        raise RuntimeError(f"Boolean alpha only supported for Boolean results, got `alpha` {alpha!r}")
    if isinstance(alpha, float | np.floating) and "f" not in kinds:
        raise RuntimeError(f"For integral input tensors, `alpha` must not be a floating point number: {alpha!r}")


class Mul(Operation):
    """a · b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a if ctx.needs(1) else None, b if ctx.needs(0) else None)
        a, b = matched(a, b)
        return a * b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        return (
            sum_to(Mul(grad, b), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Mul(grad, a), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="mul", operators=("__mul__", "__rmul__", "__imul__"), inplace=True)
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · other, broadcast."""
    input, other = operands(input, other, name="mul")
    result: Tensor = Mul(input, other)
    return result


class Div(Operation):
    """a / b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a if ctx.needs(1) else None, b)
        a, b = matched(a, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            return a / b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        grad_a = Div(grad, b)
        return (
            sum_to(grad_a, ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(grad_a, Div(a, b)), ctx.shapes[1]) if ctx.needs(1) else None,
        )


class Neg(Operation):
    """-a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        return -a

    def backward(ctx, grad: Any) -> Any:
        return -grad


@operation(method="neg", operators=("__neg__",), inplace=True)
def neg(input: Tensor) -> Tensor:
    """-input"""
    if check_tensor(input, "neg")._array.dtype == bool:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported; use ~")
    return Neg(input)
