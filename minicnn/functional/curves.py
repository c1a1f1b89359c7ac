"""What the activations are made of: their values, slopes and, for gradients of gradients, second derivatives."""

from __future__ import annotations

import math
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.backend import as_array
from minicnn.functional.common import memory_order, raw
from minicnn.functional.elementwise import Mul
from minicnn.functional.unary import Exp
from minicnn.kernels import dispatch, layout
from minicnn.kernels.activation import Sizes


def _kernel(function: str, direction: str, *arrays: Any, parameters: tuple[float, ...] = ()) -> Any:
    """The activation kernel on arrays of one shape, in the memory order of the last."""
    arrays = tuple(map(as_array, arrays))
    order = memory_order(arrays[-1])
    arrays = tuple(dispatch.in_order(a, order) for a in arrays)
    sizes = Sizes(function, direction, arrays[0].size, arrays[0].dtype, parameters)
    (out,) = dispatch.run("activation", sizes, *map(layout.memory, arrays))
    return layout.as_order(out, arrays[0].shape, order)


# --- slopes known from the value ----------------------------------------------------------------------


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


# --- slopes known from what comes in -------------------------------------------------------------------


class Curve(Operation):
    """f(x), with f from the table of the kernel `activation`; the slope follows from x"""

    keeps_layout = True

    def forward(ctx, input: Any, function: str, *parameters: float) -> Any:
        ctx.function, ctx.parameters = function, parameters
        ctx.save(input)
        return _kernel(function, "forward", input, parameters=parameters)

    def backward(ctx, grad: Any) -> Any:
        (input,) = ctx.saved()
        return CurveGrad(grad, input, ctx.function, *ctx.parameters), None, *(None,) * len(ctx.parameters)


class CurveGrad(Operation):
    """grad · f'(x); its own gradient makes second derivatives possible"""

    keeps_layout = True

    def forward(ctx, grad: Any, input: Any, function: str, *parameters: float) -> Any:
        ctx.function, ctx.parameters = function, parameters
        ctx.save(grad if ctx.needs(1) else None, input)
        return _kernel(function, "backward", grad, input, parameters=parameters)

    def backward(ctx, grad2: Any) -> Any:
        grad, input = ctx.saved()
        function, parameters = ctx.function, ctx.parameters
        along_input = curvature(function, Mul(grad2, grad), input, *parameters) if ctx.needs(1) else None
        return CurveGrad(grad2, input, function, *parameters), along_input, None, *(None,) * len(parameters)


def curvature(function: str, grad: Any, x: Any, *parameters: float) -> Any:
    """grad · f''(x), in operations; None where f'' is 0 wherever it exists."""
    rule = _RULES.get(function)
    return None if rule is None else rule(grad, x, *parameters)


def _where(condition: Any, value: Any) -> Any:
    """`value` where the condition holds, 0 elsewhere."""
    return Mul(value, condition)


def _elu(grad: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    below = CurveGrad(grad, x, "elu", alpha, scale, input_scale)  # an exponential is its own slope
    return _where(raw(x) < 0, below) * input_scale


def _gelu(grad: Any, x: Any) -> Any:
    square = Mul(x, x)
    density = Exp(square * -0.5) * (1 / math.sqrt(2 * math.pi))
    return Mul(grad, Mul(density, 2 - square))


def _gelu_tanh(grad: Any, x: Any) -> Any:
    """With u = k·(x + c·x³) and t = tanh u: (1 - t²)·u' + x/2·(1 - t²)·(u'' - 2·t·u'²)."""
    k, c = math.sqrt(2 / math.pi), 0.044715
    square = Mul(x, x)
    t = Tanh(Mul(x, square * c + 1) * k)
    du = (square * (3 * c) + 1) * k
    rest = 1 - Mul(t, t)
    bend = x * (6 * c * k) - Mul(t, Mul(du, du)) * 2
    return Mul(grad, Mul(rest, du + Mul(x, bend) * 0.5))


def _hardswish(grad: Any, x: Any) -> Any:
    return _where((raw(x) > -3) & (raw(x) < 3), grad) * (1 / 3)


def _logsigmoid(grad: Any, x: Any) -> Any:
    s = Sigmoid(x)
    return -Mul(grad, Mul(s, 1 - s))


def _mish(grad: Any, x: Any) -> Any:
    """With t = tanh(softplus x) and s = σ(x), so that t' = (1 - t²)·s = d: 2·d + x·d·(1 - s - 2·t·s)."""
    s, t = Sigmoid(x), Tanh(Curve(x, "softplus", 1.0, math.inf))
    d = Mul(1 - Mul(t, t), s)
    return Mul(grad, Mul(d, 2 + Mul(x, 1 - s - Mul(t, s) * 2)))


def _silu(grad: Any, x: Any) -> Any:
    s = Sigmoid(x)
    return Mul(grad, Mul(Mul(s, 1 - s), 2 + Mul(x, 1 - s * 2)))


def _softplus(grad: Any, x: Any, beta: float, threshold: float) -> Any:
    s = Sigmoid(x * beta)
    return _where(raw(x) * beta <= threshold, Mul(grad, Mul(s, 1 - s))) * beta


_RULES: dict[str, Any] = {
    "elu": _elu,
    "erf": lambda grad, x: Mul(CurveGrad(grad, x, "erf"), x) * -2,
    "erfc": lambda grad, x: Mul(CurveGrad(grad, x, "erfc"), x) * -2,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "hardswish": _hardswish,
    "logsigmoid": _logsigmoid,
    "mish": _mish,
    "silu": _silu,
    "softplus": _softplus,
}
