"""Norms, and ln Σ e^x."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import (
    Dim,
    To,
    floating,
    normal_axes,
)
from minicnn.functional.elementwise import Mul
from minicnn.functional.extremes import Amax
from minicnn.functional.power import Pow
from minicnn.functional.reduce import add_up, only_floating, safe_div, spread
from minicnn.functional.unary import abs_

# --- norms, log Σ exp ---------------------------------------------------------------------------------


class LinalgVectorNorm(Operation):
    """(Σ |x|^p)^(1/p); the slope is x |x|^(p-2) / norm^(p-1), and 0 where the norm is 0"""

    keeps_layout = True

    def forward(ctx, input: Any, p: float, axes: tuple[int, ...], keepdim: bool) -> Any:
        ctx.shape, ctx.p, ctx.axes = input.shape, p, axes
        xp = array_module(input)
        if p == 2:
            output = xp.sqrt(add_up(input * input, axes, keepdim))
        elif p == 1:
            output = add_up(abs(input), axes, keepdim)
        elif p == 0:
            output = (input != 0).sum(axis=axes, keepdims=keepdim).astype(input.dtype)
        else:
            output = add_up(abs(input) ** p, axes, keepdim) ** (1 / p)
        ctx.save(input, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        input, output = ctx.saved()
        p, raw = ctx.p, input._array if isinstance(input, Tensor) else input
        sign = array_module(raw).sign(raw)
        if p == 0:
            slope = input * 0
        elif p == 1:
            slope = Mul(spread(grad, ctx.shape, ctx.axes), sign)
        elif p == 2:
            slope = Mul(spread(safe_div(grad, output), ctx.shape, ctx.axes), input)
        else:
            power = Mul(Pow(Mul(input, sign), p - 1), sign)
            scale = safe_div(grad, Pow(output, p - 1))
            slope = Mul(spread(scale, ctx.shape, ctx.axes), power)
        return slope, None, None, None


@operation(method="norm")
def norm(input: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """(Σ |x|^p)^(1/p) over `dim`; "fro" is p = 2, inf and -inf the largest and smallest |x|."""
    if dtype is not None:
        input = To(input, dtypes.as_numpy(dtype))
    only_floating(input, "norm")
    power = 2.0 if p in ("fro", None) else p
    if isinstance(power, str):
        raise RuntimeError(f"norm: `p` is {p!r}; expected a number or 'fro'")
    axes = normal_axes(dim, input.ndim)
    if math.isinf(power):
        size = abs_(input)
        return Amax(size, axes, keepdim) if power > 0 else -Amax(-size, axes, keepdim)
    return LinalgVectorNorm(input, float(power), axes, keepdim)


class Logsumexp(Operation):
    """ln Σ e^x, shifted by the largest x so that nothing overflows; the slope is softmax"""

    keeps_layout = True

    def forward(ctx, input: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
        ctx.shape, ctx.axes = input.shape, axes
        xp = array_module(input)
        if input.size:
            largest = input.max(axis=axes, keepdims=True)
        else:  # of none: ln 0
            largest = xp.full([1 if i in axes else n for i, n in enumerate(input.shape)], -np.inf, input.dtype)
        largest = xp.where(xp.isfinite(largest), largest, 0).astype(input.dtype)
        with np.errstate(divide="ignore", over="ignore"):
            output = xp.log(add_up(xp.exp(input - largest), axes, True)) + largest
        output = output if keepdim else output.reshape([n for i, n in enumerate(input.shape) if i not in axes])
        ctx.save(input, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        input, output = ctx.saved()
        share = Exp0(input, spread(output, ctx.shape, ctx.axes))
        return Mul(spread(grad, ctx.shape, ctx.axes), share), None, None


class Exp0(Operation):
    """e^(a - b), and 0 where both are -∞"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        with np.errstate(invalid="ignore"):
            output = array_module(a).nan_to_num(array_module(a).exp(a - b), nan=0.0)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        slope = Mul(grad, output)
        return slope, -slope


@operation(method="logsumexp")
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """ln Σ e^x over `dim`, without overflow."""
    input = floating(input)
    return Logsumexp(input, normal_axes(dim, input.ndim), keepdim)
