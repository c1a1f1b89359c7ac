"""Activations, element by element: ReLU, tanh, sigmoid and their many relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, floating, normal_axis, sum_to
from minicnn.functional.conversion import clone
from minicnn.functional.curves import Curve, Relu, Sigmoid, Tanh
from minicnn.functional.elementwise import Mul, sub
from minicnn.functional.joining import chunk
from minicnn.functional.unary import abs_


@operation(method="relu", inplace=True)
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), element by element; `inplace` writes the result into `input`."""
    if check_tensor(input, "relu")._array.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    if inplace:
        check_inplace(input, False, "relu_")
        return write(input, Relu(input), "relu_")
    result: Tensor = Relu(input)
    return result


def relu_(input: Tensor) -> Tensor:
    """`relu`, written into `input`."""
    return relu(input, inplace=True)


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


class Celu(Curve):
    """x above 0, else α·(e^(x/α) - 1)"""


class Elu(Curve):
    """scale·x above 0, else scale·α·(e^x - 1)"""


class Erf(Curve):
    """The error function"""


class Erfc(Curve):
    """1 - erf x"""


class Gelu(Curve):
    """x·Φ(x)"""


class Hardshrink(Curve):
    """0 near 0, else x"""


class Hardsigmoid(Curve):
    """x/6 + 1/2 within [0, 1]"""


class Hardswish(Curve):
    """x·hardsigmoid(x)"""


class Hardtanh(Curve):
    """x within two limits"""


class LeakyRelu(Curve):
    """x above 0, else a part of it"""


class LogSigmoid(Curve):
    """ln σ(x)"""


class Mish(Curve):
    """x·tanh(softplus(x))"""


class Silu(Curve):
    """x·σ(x)"""


class Softplus(Curve):
    """ln(1 + e^x)"""


class Softshrink(Curve):
    """x drawn towards 0"""


class Threshold(Curve):
    """x above a threshold, else another number"""


def _curve(
    kind: type[Curve],
    input: Tensor,
    inplace: bool,
    name: str,
    function: str,
    *parameters: float,
    integers: bool = False,
) -> Tensor:
    """f(input), in `input` itself if asked for; NotImplementedError for types of numbers that f does not take."""
    if not check_tensor(input, name).is_floating_point() and not (integers and input._array.dtype.kind in "iu"):
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    if inplace:
        return _within(input, lambda x: kind(x, function, *parameters), f"{name}_")
    result: Tensor = kind(input, function, *parameters)
    return result


def _within(input: Tensor, compute: Callable[[Tensor], Tensor], name: str) -> Tensor:
    """`compute(input)`, written into `input`."""
    check_inplace(input, False, name)
    kept = clone(input) if input.requires_grad else input  # the way back needs what will be overwritten
    return write(input, compute(kept), name)


def _number(value: Any, name: str, argument: str) -> float:
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}(): argument `{argument}` must be Number, not {type(value).__name__}")
    return float(value)


@operation()
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input limited to [0, 6] (Krizhevsky 2010)."""
    return hardtanh(input, 0.0, 6.0, inplace)


@operation()
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input limited to [min_val, max_val]; ValueError if `min_val` is the larger."""
    low, high = _number(min_val, "hardtanh", "min_val"), _number(max_val, "hardtanh", "max_val")
    if low > high:
        raise ValueError(f"min_val cannot be greater than max_val: got `min_val` {min_val}, `max_val` {max_val}")
    kind = check_tensor(input, "hardtanh")._array.dtype
    if kind.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh; convert with .float()")
    if kind.kind == "u" and (low < 0 or high < 0):
        raise RuntimeError(f"cannot do hardtanh on an unsigned type with negative limits, got {min_val}, {max_val}")
    return _curve(Hardtanh, input, inplace, "hardtanh", "hardtanh", low, high, integers=True)


@operation()
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input above 0, else negative_slope · input (Maas et al. 2013)."""
    slope = _number(negative_slope, "leaky_relu", "negative_slope")
    return _curve(LeakyRelu, input, inplace, "leaky_relu", "leaky_relu", slope)


@operation()
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input above 0, else alpha · (e^input - 1) (Clevert et al. 2016)."""
    return _curve(Elu, input, inplace, "elu", "elu", _number(alpha, "elu", "alpha"), 1.0, 1.0)


@operation()
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507… · elu(input, 1.6732…): keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    return _curve(Elu, input, inplace, "selu", "elu", alpha, scale, 1.0)


@operation()
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input above 0, else alpha · (e^(input / alpha) - 1) (Barron 2017); RuntimeError for `alpha` 0."""
    number = _number(alpha, "celu", "alpha")
    if number == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _curve(Celu, input, inplace, "celu", "elu", number, 1.0, 1 / number)


@operation()
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input · Φ(input), Φ of the normal distribution or by `approximate` "tanh" nearly so (Hendrycks & Gimpel 2016)."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return _curve(Gelu, input, False, "gelu", "gelu_tanh" if approximate == "tanh" else "gelu")


@operation()
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input · sigmoid(input), also called swish (Elfwing et al. 2017)."""
    return _curve(Silu, input, inplace, "silu", "silu")


@operation()
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input · tanh(softplus(input)) (Misra 2019)."""
    return _curve(Mish, input, inplace, "mish", "mish")


@operation()
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """input / 6 + 1/2, limited to [0, 1]."""
    return _curve(Hardsigmoid, input, inplace, "hardsigmoid", "hardsigmoid")


@operation()
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input · hardsigmoid(input) (Howard et al. 2019)."""
    return _curve(Hardswish, input, inplace, "hardswish", "hardswish")


@operation(method="hardshrink")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input outside of [-lambd, lambd], else 0."""
    return _curve(Hardshrink, input, False, "hardshrink", "hardshrink", _number(lambd, "hardshrink", "lambd"))


@operation()
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input drawn towards 0 by `lambd`, and 0 within [-lambd, lambd]; RuntimeError for `lambd` below 0."""
    number = _number(lambd, "softshrink", "lambd")
    if number < 0:
        raise RuntimeError(f"softshrink: `lambd` must not be negative, but found to be {lambd}")
    return _curve(Softshrink, input, False, "softshrink", "softshrink", number)


@operation()
def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)"""
    if check_tensor(input, "tanhshrink")._array.dtype.kind == "b":
        raise RuntimeError("tanhshrink: subtraction, the `-` operator, with a bool tensor is not supported")
    return sub(input, tanh(input))


@operation()
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta · input)) / beta; input itself where beta · input > `threshold`."""
    numbers = _number(beta, "softplus", "beta"), _number(threshold, "softplus", "threshold")
    return _curve(Softplus, input, False, "softplus", "softplus", *numbers)


@operation()
def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)"""
    if check_tensor(input, "softsign")._array.dtype.kind == "b":
        raise NotImplementedError('"softsign" not implemented for bool; convert with .float()')
    return input / (abs_(input) + 1)


@operation()
def logsigmoid(input: Tensor) -> Tensor:
    """ln sigmoid(input), without the loss of precision of taking the two apart."""
    return _curve(LogSigmoid, input, False, "logsigmoid", "logsigmoid")


@operation()
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input where it is above `threshold`, else `value`."""
    return _thresholded(input, threshold, value, inplace)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """The function `threshold`, written into `input`."""
    return _thresholded(input, threshold, value, True)


def _thresholded(input: Tensor, limit: float, value: float, inplace: bool) -> Tensor:
    numbers = _number(limit, "threshold", "threshold"), _number(value, "threshold", "value")
    return _curve(Threshold, input, inplace, "threshold", "threshold", *numbers, integers=True)


@operation(method="erf")
def erf(input: Tensor) -> Tensor:
    """The error function 2/√π ∫ e^(-t²) dt from 0 to input."""
    return _curve(Erf, floating(input), False, "erf", "erf")


@operation(method="erfc")
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input)"""
    return _curve(Erfc, floating(input), False, "erfc", "erfc")


@operation(method="erf_")
def erf_(input: Tensor) -> Tensor:
    """`erf`, written into `input`."""
    return _within(check_tensor(input, "erf_"), erf, "erf_")


@operation(method="erfc_")
def erfc_(input: Tensor) -> Tensor:
    """`erfc`, written into `input`."""
    return _within(check_tensor(input, "erfc_"), erfc, "erfc_")


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written into `input`."""
    return leaky_relu(input, negative_slope, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, written into `input`."""
    return elu(input, alpha, inplace=True)


def selu_(input: Tensor) -> Tensor:
    """`selu`, written into `input`."""
    return selu(input, inplace=True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into `input`."""
    return celu(input, alpha, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written into `input`."""
    return hardtanh(input, min_val, max_val, inplace=True)


# --- of two operands ----------------------------------------------------------------------------------


class PreluKernel(Operation):
    """x above 0, else weight·x; weight broadcast to x"""

    keeps_layout = True

    def forward(ctx, input: Any, weight: Any) -> Any:
        xp = array_module(input)
        ctx.save(input, weight, ~(input > 0))
        return xp.maximum(input, 0) + weight * xp.minimum(input, 0)  # one of the two is 0: nothing is rounded

    def backward(ctx, grad: Any) -> Any:
        input, weight, below = ctx.saved()
        part = Mul(grad, below)  # of the gradient, that of numbers not above 0
        return (
            grad - part + Mul(part, weight) if ctx.needs(0) else None,
            sum_to(Mul(part, input), tuple(weight.shape)) if ctx.needs(1) else None,
        )


@operation(method="prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input above 0, else weight · input: one weight, or one for each channel of (N, C, …) (He et al. 2015)."""
    check_tensor(input, "prelu"), check_tensor(weight, "prelu", "weight")
    if input.dtype is not weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and `weight` {weight.dtype}")
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if weight.numel() != 1:
        if input.ndim == 0:
            raise RuntimeError(f"prelu: Not allow zero-dim input tensor with {weight.numel()} weights.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel()} and channel size = {channels}."
            )
    if input.ndim != 1 or weight.numel() == 1:
        weight = weight.reshape(*(weight.numel() if i == 1 else 1 for i in range(input.ndim)))
    result: Tensor = PreluKernel(input, weight)
    return result


class Glu(Mul):
    """a · σ(b)"""


@operation()
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a · sigmoid(b), the first and second half of input along `dim` (Dauphin et al. 2017)."""
    if check_tensor(input, "glu").ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = normal_axis(dim, input.ndim)
    if input.shape[axis] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {input.shape[axis]}")
    if not input.is_floating_point():
        raise NotImplementedError(f'"glu" not implemented for {input.dtype}; convert with .float()')
    a, b = chunk(input, 2, axis)
    result: Tensor = Glu(a, Sigmoid(b))
    return result
