"""Quotients, whole quotients and what is left, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Number, matched, operands, raw, sum_to
from minicnn.functional.elementwise import Div, Mul
from minicnn.functional.logic import apply_numpy
from minicnn.functional.unary import trunc


@operation(method="div", operators=("__truediv__", "__rtruediv__", "__itruediv__"), inplace=True)
def div(input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode not in (None, "trunc"):
        raise RuntimeError(f"`rounding_mode` is {rounding_mode!r}; expected None, 'trunc' or 'floor'")
    kind = operands(input, other, name="div")[0]
    quotient = Div(*operands(input, other, name="div", floating=True))
    if rounding_mode is None:
        return quotient
    return trunc(quotient) if kind._array.dtype.kind == "f" else trunc(quotient).to(kind.dtype)


@operation(method="floor_divide", operators=("__floordiv__", "__rfloordiv__", "__ifloordiv__"), inplace=True)
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    input, other = operands(input, other, name="floor_divide")
    no_integer_zero(input, other)
    return apply_numpy("floor_divide", input, other)


def no_integer_zero(input: Any, other: Any) -> None:
    """RuntimeError for a division of integers by 0; on the GPU it is not looked for, as in PyTorch."""
    numbers = ("f" if isinstance(x, float) else "i" for x in (input, other))
    kinds = [x._array.dtype.kind if isinstance(x, Tensor) else k for x, k in zip((input, other), numbers, strict=True)]
    divisor = raw(other)
    if "f" not in kinds and not hasattr(divisor, "get") and not np.all(divisor):
        raise RuntimeError("ZeroDivisionError: `other` holds an integer 0")


class Remainder(Operation):
    """a modulo b with the sign of b: a - b·floor(a/b)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        xp = array_module(a if np.ndim(a) else b)
        with np.errstate(divide="ignore", invalid="ignore"):
            ctx.save(xp.floor_divide(a, b) if ctx.needs(1) else None)
            return xp.remainder(a, b)

    def backward(ctx, grad: Any) -> Any:
        (quotient,) = ctx.saved()
        return (
            sum_to(grad, ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(grad, quotient), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="remainder", operators=("__mod__", "__rmod__", "__imod__"), inplace=True)
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input modulo other, with the sign of `other`, as Python's %."""
    input, other = operands(input, other, name="remainder")
    no_integer_zero(input, other)
    return Remainder(input, other)
