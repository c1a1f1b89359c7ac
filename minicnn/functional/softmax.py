"""Softmax, its logarithm, and softmin."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import SumTo, check_tensor, matched, normal_axis
from minicnn.functional.elementwise import Exp, Mul, neg


class Softmax(Operation):
    """e^x / Σ e^x along an axis; backward y·(g - Σ g·y)"""

    def forward(ctx, input: Any, axis: int | None) -> Any:
        ctx.axis = axis
        xp = array_module(input)
        output = xp.exp(input - input.max(axis=axis, keepdims=True)) if input.size else input.copy()
        if input.size:
            output = output / output.sum(axis=axis, keepdims=True)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        grad, output = matched(grad, output)
        weighted = Mul(grad, output)
        return weighted - Mul(output, SumTo(weighted, one_along(ctx.axis, output.shape))), None


class LogSoftmax(Operation):
    """x - ln Σ e^x along an axis; backward g - softmax · Σ g"""

    def forward(ctx, input: Any, axis: int | None) -> Any:
        ctx.axis = axis
        xp = array_module(input)
        output = input.copy()
        if input.size:
            output = output - input.max(axis=axis, keepdims=True)
            output = output - xp.log(xp.exp(output).sum(axis=axis, keepdims=True))
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return grad - Mul(Exp(output), SumTo(grad, one_along(ctx.axis, output.shape))), None


def one_along(axis: int | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with length 1 along `axis`: what a sum with keepdim leaves."""
    return tuple(1 if i == axis else n for i, n in enumerate(shape))


def _softmax_axis(input: Tensor, dim: int | None, name: str) -> int | None:
    """The axis counted from the front; None for a number alone, which has none."""
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. "
            "Change the call to include dim=X as an argument.",
            UserWarning,
            stacklevel=3,
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    axis = normal_axis(dim, input.ndim)
    return axis if input.ndim else None


def _softmax_input(input: Tensor, dtype: Any, name: str) -> Tensor:
    check_tensor(input, name)
    if dtype is not None:
        input = input.to(dtype)
    if input._array.dtype.kind != "f":
        raise NotImplementedError(
            f'"{name}" not implemented for {input.dtype}; give dtype=float32, or convert with .float()'
        )
    return input


@operation(method="softmax")
def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """e^input divided by its sum along `dim`: numbers in (0, 1) that add up to 1."""
    input = _softmax_input(input, dtype, "softmax")
    result: Tensor = Softmax(input, _softmax_axis(input, dim, "softmax"))
    return result


@operation(method="log_softmax")
def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """ln softmax(input) along `dim`, without the loss of precision of taking the two apart."""
    input = _softmax_input(input, dtype, "log_softmax")
    result: Tensor = LogSoftmax(input, _softmax_axis(input, dim, "log_softmax"))
    return result


@operation()
def softmin(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """softmax(-input): the smallest number gets the largest share."""
    if dim is None:
        dim = _softmax_axis(check_tensor(input, "softmin"), None, "softmin")
    return softmax(neg(input), 0 if dim is None else dim, dtype)
