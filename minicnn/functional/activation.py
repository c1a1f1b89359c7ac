"""Activations: ReLU, tanh, sigmoid, softmax, log-softmax."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, as_array
from minicnn.functional.common import SumTo, check_tensor, floating, matched, normal_axis
from minicnn.functional.elementwise import Exp, Mul
from minicnn.kernels import dispatch, layout
from minicnn.kernels.activation import Sizes


def _kernel(function: str, direction: str, *arrays: Any) -> Any:
    """The activation kernel on arrays of one shape, in the memory order of the last."""
    arrays = tuple(map(as_array, arrays))
    order = layout.order_of(arrays[-1])
    if order == layout.ANY:
        order = layout.PLAIN
    arrays = tuple(dispatch.in_order(a, order) for a in arrays)
    sizes = Sizes(function, direction, arrays[0].size, arrays[0].dtype)
    (out,) = dispatch.run("activation", sizes, *map(layout.memory, arrays))
    return layout.as_order(out, arrays[0].shape, order)


class _Activation(Operation):
    """A function whose slope is known from its value."""

    keeps_layout = True
    function: str

    def forward(ctx, input: Any) -> Any:
        output = _kernel(ctx.function, "forward", input)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return ActivationGrad(grad, output, ctx.function)


class Relu(_Activation):
    """max(x, 0); the slope at 0 is 0"""

    function = "relu"


class Tanh(_Activation):
    """tanh x; the slope is 1 - tanh²"""

    function = "tanh"


class Sigmoid(_Activation):
    """1 / (1 + e^-x); the slope is y·(1 - y)"""

    function = "sigmoid"


class ActivationGrad(Operation):
    """grad · f'(x), from y = f(x); its own gradient makes second derivatives possible"""

    keeps_layout = True

    def forward(ctx, grad: Any, output: Any, function: str) -> Any:
        ctx.function = function
        ctx.save(grad if ctx.needs(1) else None, output)
        return _kernel(function, "backward", grad, output)

    def backward(ctx, grad2: Any) -> Any:
        grad, output = ctx.saved()
        along_output = None
        if ctx.needs(1) and ctx.function == "tanh":
            along_output = Mul(Mul(grad2, grad), output) * -2
        elif ctx.needs(1) and ctx.function == "sigmoid":
            along_output = Mul(Mul(grad2, grad), 1 - output * 2)
        return ActivationGrad(grad2, output, ctx.function), along_output, None


@operation(method="relu", inplace=True)
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), element by element; `inplace` writes the result into `input`."""
    if check_tensor(input, "relu")._array.dtype == bool:
        raise RuntimeError("Boolean inputs not supported for relu")
    if inplace:
        check_inplace(input, False, "relu_")
        return write(input, Relu(input), "relu_")
    result: Tensor = Relu(input)
    return result


@operation(method="tanh", inplace=True)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element."""
    result: Tensor = Tanh(floating(input))
    return result


@operation(method="sigmoid", inplace=True)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input), element by element."""
    result: Tensor = Sigmoid(floating(input))
    return result


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
