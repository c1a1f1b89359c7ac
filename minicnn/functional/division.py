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
    return apply_numpy(quotient_below, input, other)


def no_integer_zero(input: Any, other: Any) -> None:
    """RuntimeError for a division of integers by 0; on the GPU it is not looked for, as in PyTorch."""
    numbers = ("f" if isinstance(x, float) else "i" for x in (input, other))
    kinds = [x._array.dtype.kind if isinstance(x, Tensor) else k for x, k in zip((input, other), numbers, strict=True)]
    divisor = raw(other)
    if "f" not in kinds and not hasattr(divisor, "get") and not np.all(divisor):
        raise RuntimeError("ZeroDivisionError: `other` holds an integer 0")


# CuPy rounds a / b and goes on from there: 1 // 0.1 would be 10, and 1 % inf NaN. Its fmod is exact, but of integers.


def quotient_below(a: Any, b: Any) -> Any:
    """floor(a / b) of raw arrays, or of one and a number."""
    xp = _module(a, b)
    if xp is np or not _is_floating(a, b):
        return xp.floor_divide(a, b)
    rest = xp.fmod(a, b)
    quotient = (a - rest) / b - _is_across(rest, b)
    below = xp.floor(quotient)
    return xp.where((b == 0) & (rest != rest), a / b, below + (quotient - below > 0.5))


def rest_above(a: Any, b: Any) -> Any:
    """a - b·floor(a / b) of raw arrays, or of one and a number."""
    xp = _module(a, b)
    if xp is np or not _is_floating(a, b):
        return xp.remainder(a, b)
    rest = xp.fmod(a, b)
    return xp.where(_is_across(rest, b), rest + b, rest)


def rest_towards_zero(a: Any, b: Any) -> Any:
    """a - b·trunc(a / b) of raw arrays, or of one and a number."""
    xp = _module(a, b)
    if xp is np or _is_floating(a, b):
        return xp.fmod(a, b)
    rest = xp.remainder(a, b)
    return xp.where((rest != 0) & ((a < 0) != (b < 0)), rest - b, rest)


def _module(a: Any, b: Any) -> Any:
    found = array_module(a)
    return array_module(b) if found is np else found


def _is_across(rest: Any, b: Any) -> Any:
    """Whether `rest` lies on the other side of 0 than `b`."""
    return (rest != 0) & ((rest < 0) != (b < 0))


def _is_floating(*values: Any) -> bool:
    return any(isinstance(x, float) or getattr(x, "dtype", np.dtype(int)).kind == "f" for x in values)


class Remainder(Operation):
    """a modulo b with the sign of b: a - b·floor(a/b)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            ctx.save(quotient_below(a, b) if ctx.needs(1) else None)
            return rest_above(a, b)

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
