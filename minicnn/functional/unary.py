"""Functions of one number, element by element: exponentials, logarithms, roots, waves, absolute values, rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, floating
from minicnn.functional.elementwise import Div, Mul


class Exp(Operation):
    """e^a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        with np.errstate(over="ignore"):
            output = array_module(a).exp(a)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return Mul(grad, output)


@operation(method="exp", inplace=True)
def exp(input: Tensor) -> Tensor:
    """e to the power of each element."""
    return Exp(floating(input))


class Log(Operation):
    """ln a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        ctx.save(a)
        with np.errstate(divide="ignore", invalid="ignore"):
            return array_module(a).log(a)

    def backward(ctx, grad: Any) -> Any:
        (a,) = ctx.saved()
        return Div(grad, a)


@operation(method="log", inplace=True)
def log(input: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below."""
    return Log(floating(input))


class Log1p(Operation):
    """ln(1 + a), exact near 0"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        ctx.save(a)
        with np.errstate(divide="ignore", invalid="ignore"):
            return array_module(a).log1p(a)

    def backward(ctx, grad: Any) -> Any:
        (a,) = ctx.saved()
        return Div(grad, a + 1)

    def name(ctx) -> str:
        return "Log1PBackward0"


@operation(method="log1p", inplace=True)
def log1p(input: Tensor) -> Tensor:
    """ln(1 + input), exact near 0."""
    return Log1p(floating(input))


@operation(method="log2", inplace=True)
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2: bits where `log` gives nats."""
    return log(input) * (1 / float(np.log(2)))


class Sqrt(Operation):
    """√a; the slope is 1/(2√a)"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        with np.errstate(invalid="ignore"):
            output = array_module(a).sqrt(a)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return Div(grad, output * 2)


@operation(method="sqrt", inplace=True)
def sqrt(input: Tensor) -> Tensor:
    """The square root; NaN below 0."""
    return Sqrt(floating(input))


class Sin(Operation):
    """sin a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        ctx.save(a)
        return array_module(a).sin(a)

    def backward(ctx, grad: Any) -> Any:
        (a,) = ctx.saved()
        return Mul(grad, Cos(a))


@operation(method="sin", inplace=True)
def sin(input: Tensor) -> Tensor:
    """The sine, of radians."""
    return Sin(floating(input))


class Cos(Operation):
    """cos a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        ctx.save(a)
        return array_module(a).cos(a)

    def backward(ctx, grad: Any) -> Any:
        (a,) = ctx.saved()
        return -Mul(grad, Sin(a))


@operation(method="cos", inplace=True)
def cos(input: Tensor) -> Tensor:
    """The cosine, of radians."""
    return Cos(floating(input))


class Abs(Operation):
    """|a|; the slope at 0 is 0"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        ctx.save(array_module(a).sign(a) if ctx.needs(0) else None)
        return abs(a)

    def backward(ctx, grad: Any) -> Any:
        (sign,) = ctx.saved()
        return Mul(grad, sign)


@operation(method="abs", operators=("__abs__",), inplace=True)
def abs_(input: Tensor) -> Tensor:
    """The absolute value."""
    return Abs(check_tensor(input, "abs"))


def _without_gradient(name: str, compute: Callable[[Any, Any], Any], text: str) -> Callable[[Tensor], Tensor]:
    """An operation of one variable whose gradient is 0 wherever it exists (rounding, sign)."""

    def forward(ctx: Any, a: Any) -> Any:
        return compute(array_module(a), a)

    def backward(ctx: Any, grad: Any) -> Any:
        return grad * 0

    kind = type(
        name.capitalize(),
        (Operation,),
        {
            "forward": forward,
            "backward": backward,
            "keeps_layout": True,
            "__slots__": (),
            "__doc__": text,
        },
    )

    def function(input: Tensor) -> Tensor:
        result: Tensor = kind(check_tensor(input, name))
        return result

    function.__name__ = name
    function.__doc__ = text
    return operation(method=name, inplace=True)(function)


def _keep_integers(name: str) -> Callable[[Any, Any], Any]:
    return lambda xp, a: a.copy() if a.dtype.kind != "f" else getattr(xp, name)(a)


sign = _without_gradient("sign", lambda xp, a: xp.sign(a), "-1, 0 or 1; NaN stays NaN.")


floor = _without_gradient("floor", _keep_integers("floor"), "The largest integer not above each element.")


ceil = _without_gradient("ceil", _keep_integers("ceil"), "The smallest integer not below each element.")


trunc = _without_gradient("trunc", _keep_integers("trunc"), "The integer part, towards 0.")


class Round(Operation):
    """The nearest multiple of 10^-decimals; the slope is 0"""

    keeps_layout = True

    def forward(ctx, a: Any, decimals: int) -> Any:
        return a.copy() if a.dtype.kind != "f" else array_module(a).round(a, decimals)

    def backward(ctx, grad: Any) -> Any:
        return grad * 0, None


@operation(method="round", inplace=True)
def round_(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest number with `decimals` digits after the point, halves to even."""
    return Round(check_tensor(input, "round"), decimals)
