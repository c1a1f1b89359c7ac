"""Softmax, its logarithm, and softmin."""

from __future__ import annotations

import math
import warnings
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import as_array
from minicnn.functional.common import SumTo, check_tensor, memory_order, normal_axis
from minicnn.functional.elementwise import Mul, neg
from minicnn.functional.unary import Exp
from minicnn.kernels import dispatch, layout
from minicnn.kernels.softmax import Sizes


def _kernel(direction: str, log: bool, axis: int | None, *arrays: Any) -> Any:
    """The softmax kernel on arrays of one shape, in the memory order of the last."""
    arrays = tuple(map(as_array, arrays))
    order = memory_order(arrays[-1])
    arrays = tuple(dispatch.in_order(a, order) for a in arrays)
    shape = arrays[0].shape
    lengths, place = shape, axis or 0
    if order == layout.BATCH_LAST:  # in memory the first axis comes last
        lengths, place = shape[1:] + shape[:1], (place - 1) % len(shape)
    outer, inner = math.prod(lengths[:place]), math.prod(lengths[place + 1 :])
    classes = lengths[place] if shape else 1
    sizes = Sizes(direction, log, outer, classes, inner, arrays[0].dtype)
    (out,) = dispatch.run("softmax", sizes, *map(layout.memory, arrays))
    return layout.as_order(out, shape, order)


class Softmax(Operation):
    """e^x / Σ e^x along an axis"""

    keeps_layout = True
    log = False

    def forward(ctx, input: Any, axis: int | None) -> Any:
        ctx.axis = axis
        output = _kernel("forward", ctx.log, axis, input)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return SoftmaxGrad(grad, output, ctx.axis, ctx.log), None


class LogSoftmax(Softmax):
    """x - ln Σ e^x along an axis"""

    log = True


class SoftmaxGrad(Operation):
    """y·(g - Σ g·y), or of the logarithm g - e^y·Σ g; its own gradient makes second derivatives possible"""

    keeps_layout = True

    def forward(ctx, grad: Any, output: Any, axis: int | None, log: bool) -> Any:
        ctx.axis, ctx.log = axis, log
        ctx.save(grad if ctx.needs(1) else None, output)
        return _kernel("backward", log, axis, grad, output)

    def backward(ctx, grad2: Any) -> Any:
        grad, output = ctx.saved()
        kept = one_along(ctx.axis, tuple(output.shape))
        along_output = None
        if ctx.log:
            share = Mul(grad2, Exp(output))
            along_grad = grad2 - SumTo(share, kept)
            if ctx.needs(1):
                along_output = -Mul(share, SumTo(grad, kept))
        else:
            along_grad = SoftmaxGrad(grad2, output, ctx.axis, False)
            if ctx.needs(1):
                weighted, share = SumTo(Mul(grad, output), kept), SumTo(Mul(grad2, output), kept)
                along_output = Mul(grad2, grad - weighted) - Mul(grad, share)
        return along_grad, along_output, None, None


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
    if not input.is_floating_point():
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
