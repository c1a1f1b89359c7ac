"""Angles, lengths and logarithms of two numbers; degrees and log-odds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Number, check_tensor, floating, matched, operands, sum_to
from minicnn.functional.elementwise import Div, Mul, mul, sub
from minicnn.functional.selection import Where, clamp, number_beside
from minicnn.functional.unary import Exp2, log


class Atan2(Operation):
    """The angle of the point (b, a)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = a.shape, b.shape
        ctx.save(a, b)
        a, b = matched(a, b)
        return array_module(a).arctan2(a, b)

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        scaled = Div(grad, a * a + b * b)
        return (
            sum_to(Mul(scaled, b), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(scaled, a), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="atan2", inplace=True)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input) in (-π, π], broadcast."""
    check_tensor(input, "atan2"), check_tensor(other, "atan2", "other")
    return Atan2(*operands(input, other, name="atan2", floating=True))


class Hypot(Operation):
    """√(a² + b²)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = a.shape, b.shape
        first, second = matched(a, b)
        output = array_module(a).hypot(first, second)
        ctx.save(a, b, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        a, b, output = ctx.saved()
        scaled = Div(grad, output)
        return (
            sum_to(Mul(scaled, a), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Mul(scaled, b), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="hypot", inplace=True)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """√(input² + other²), broadcast: the length of the hypotenuse."""
    check_tensor(input, "hypot"), check_tensor(other, "hypot", "other")
    return Hypot(*operands(input, other, name="hypot", floating=True))


@operation(method="deg2rad", inplace=True)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""
    return mul(floating(check_tensor(input, "deg2rad")), math.pi / 180)


@operation(method="rad2deg", inplace=True)
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""
    return mul(floating(check_tensor(input, "rad2deg")), 180 / math.pi)


class Logaddexp(Operation):
    """ln(e^a + e^b), without overflow; the slopes are e^a and e^b over their sum"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = a.shape, b.shape
        ctx.save(a, b)
        a, b = matched(a, b)
        return array_module(a).logaddexp(a, b)

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        share = 1 / (Exp2((b - a) / math.log(2)) + 1)
        return (
            sum_to(Mul(grad, share), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Mul(grad, 1 - share), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="logaddexp")
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """ln(e^input + e^other), broadcast, without overflow."""
    check_tensor(input, "logaddexp"), check_tensor(other, "logaddexp", "other")
    return Logaddexp(*operands(input, other, name="logaddexp", floating=True))


@operation(method="logaddexp2")
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2^input + 2^other), broadcast, without overflow."""
    check_tensor(input, "logaddexp2"), check_tensor(other, "logaddexp2", "other")
    a, b = operands(input, other, name="logaddexp2", floating=True)
    return mul(Logaddexp(mul(a, math.log(2)), mul(b, math.log(2))), 1 / math.log(2))


@operation(method="logit", inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """ln(x / (1 - x)), the inverse of `sigmoid`; with `eps`, of x limited to [eps, 1 - eps]."""
    x = floating(check_tensor(input, "logit"))
    x = x if eps is None else clamp(x, eps, 1 - eps)
    return log(x / sub(1, x))


class Xlogy(Operation):
    """a · ln b, and 0 where a is 0 (but NaN where b is)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a, b)
        a, b = matched(a, b)
        xp = array_module(a)
        return xp.where((a == 0) & ~xp.isnan(b), 0, a * xp.log(b)).astype(np.result_type(a, b), copy=False)

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        raw_a, raw_b = (x._array if isinstance(x, Tensor) else x for x in (a, b))
        nothing = (raw_a == 0) & (raw_b <= 0)
        return (
            sum_to(Where(nothing, 0.0, Xlogy(grad, b)), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Div(Mul(grad, a), b), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="xlogy", inplace=True)
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · ln(other), and 0 where `input` is 0 (but NaN where `other` is); broadcast."""
    a, b = operands(input, other, name="xlogy", floating=True)
    other = a if isinstance(a, Tensor) else b
    a, b = (x if isinstance(x, Tensor) else number_beside(other, x, other._array.dtype) for x in (a, b))
    return Xlogy(a, b)
