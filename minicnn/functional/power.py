"""Powers, element by element: of two tensors, of a tensor and a number, and those with a name of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Number, floating, operands, raw, sum_to
from minicnn.functional.division import div
from minicnn.functional.elementwise import mul
from minicnn.functional.selection import Where
from minicnn.functional.unary import Log


class Pow(Operation):
    """a to the power b; d/da = b·a^(b-1), d/db = a^b·ln a (0 where a is 0 and b is not negative)."""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a, b)
        xp = array_module(a if np.ndim(a) else b)
        with np.errstate(all="ignore"):
            whole = getattr(b, "dtype", np.dtype(float)).kind == "i" and not isinstance(a, float)
            if whole and (xp is not np or np.any(b < 0)):
                below = (a == 1) * 1 + (a == -1) * (1 - 2 * (b & 1))  # whole numbers: 1/a is 0 but for 1 and -1
                return xp.where(b < 0, below, xp.power(a, xp.maximum(b, 0))).astype(b.dtype)
            return xp.power(a, b)

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        grad_a = grad_b = None
        if ctx.needs(0):
            if isinstance(b, int | float) and b == 0:  # b·a^(b-1) would be 0·inf at 0
                slope: Any = 0.0
            else:
                slope = b * Pow(a, b - 1) if np.ndim(b) == 0 and not isinstance(b, Tensor) else _slope(a, b)
            grad_a = sum_to(grad * slope, ctx.shapes[0])
        if ctx.needs(1):
            grad_b = sum_to(grad * Pow(a, b) * _log_of_base(a, b), ctx.shapes[1])
        return grad_a, grad_b


def _log_of_base(a: Any, b: Any) -> Any:
    """ln a, but 0 where a is 0 and b is not negative: there a^b stays what it is."""
    raw_a, raw_b = raw(a), raw(b)
    if not hasattr(raw_a, "dtype"):  # a number
        kind = raw_b.dtype.type
        return float(np.log(raw_a)) if raw_a else Where(raw_b >= 0, kind(0), kind(-np.inf))
    zero = np.equal(raw_a, 0) & np.greater_equal(raw_b, 0)
    return Log(Where(zero, 1.0, a) if _any(zero) else a)


def _slope(a: Any, b: Any) -> Any:
    zero = np.equal(raw(b), 0)  # 0 · a^-1 is 0, not NaN, where a is 0
    return Where(zero, 0.0, b * Pow(a, b - 1)) if _any(zero) else b * Pow(a, b - 1)


def _any(mask: Any) -> bool:
    """Whether some of it holds. On the GPU that is taken for granted: to look would be to wait."""
    return not isinstance(mask, np.ndarray | np.generic | bool) or bool(np.any(mask))


@operation(method="pow", operators=("__pow__", "__rpow__", "__ipow__"), inplace=True)
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power `exponent`, broadcast."""
    input, exponent = operands(input, exponent, name="pow")
    if all(x._array.dtype == bool if isinstance(x, Tensor) else isinstance(x, bool) for x in (input, exponent)):
        raise NotImplementedError('"pow" not implemented for bools; convert with .float()')
    integers = isinstance(input, Tensor) and input._array.dtype.kind in "iu"
    if integers and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed; convert with .float() first")
    return Pow(input, exponent)


@operation(method="square", inplace=True)
def square(input: Tensor) -> Tensor:
    """input²"""
    return mul(input, input)


@operation(method="rsqrt", inplace=True)
def rsqrt(input: Tensor) -> Tensor:
    """1 / √input"""
    return pow(floating(input), -0.5)


@operation(method="reciprocal", inplace=True)
def reciprocal(input: Tensor) -> Tensor:
    """1 / input"""
    return div(1, input)
