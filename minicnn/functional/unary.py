"""Functions of one number, element by element: exponentials, logarithms, roots, waves and their inverses, rounding.

Most are a function of NumPy's (CuPy has it under the same name) and a rule for the gradient: `_function` makes an
operation of the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, floating
from minicnn.functional.elementwise import Div, Mul

Function = Callable[[Tensor], Tensor]


def _function(
    name: str, numpy: str, rule: Callable[[Any, Any], Any], text: str, *, of_output: bool = False, node: str = ""
) -> tuple[type[Operation], Function]:
    """The operation that runs NumPy's function `numpy`, and its public function `name`.

    `rule(grad, x)` is the gradient, made of operators and operations only; x is the input or, with `of_output`, the
    output. PyTorch's name of the node begins with `node`, where that is not just `name`.
    """

    def forward(ctx: Any, a: Any) -> Any:
        output = getattr(array_module(a), numpy)(a)
        ctx.save(output if of_output else a)
        return output

    def backward(ctx: Any, grad: Any) -> Any:
        return rule(grad, *ctx.saved())

    return _registered(name, node or name.capitalize(), forward, backward, text, floating)


def _registered(
    name: str, node: str, forward: Any, backward: Any, text: str, prepare: Callable[[Tensor], Tensor]
) -> tuple[type[Operation], Function]:
    kind = type(node, (Operation,), {
        "forward": forward, "backward": backward, "keeps_layout": True, "__slots__": (), "__doc__": text,
    })  # fmt: skip

    def function(input: Tensor) -> Tensor:
        result: Tensor = kind(prepare(check_tensor(input, name)))
        return result

    function.__name__ = name
    function.__doc__ = text
    return kind, operation(method=name, inplace=True)(function)


# --- exponentials and logarithms ---------------------------------------------------------------------

Exp, exp = _function("exp", "exp", lambda grad, y: Mul(grad, y), "e to the power of each element.", of_output=True)
Exp2, exp2 = _function(
    "exp2", "exp2", lambda grad, y: Mul(grad, y * math.log(2)), "2 to the power of each element.", of_output=True
)
Expm1, expm1 = _function("expm1", "expm1", lambda grad, y: Mul(grad, y + 1), "e^x - 1, exact near 0.", of_output=True)
Log, log = _function("log", "log", lambda grad, a: Div(grad, a), "The natural logarithm; -inf at 0, NaN below.")
Log1p, log1p = _function(
    "log1p", "log1p", lambda grad, a: Div(grad, a + 1), "ln(1 + input), exact near 0.", node="Log1P"
)
Log10, log10 = _function(
    "log10", "log10", lambda grad, a: Mul(grad, 1 / (a * math.log(10))), "The logarithm to base 10."
)
Log2, log2 = _function(
    "log2", "log2", lambda grad, a: Mul(grad, 1 / (a * math.log(2))),
    "The logarithm to base 2: bits where `log` gives nats.",
)  # fmt: skip

Sqrt, sqrt = _function(
    "sqrt", "sqrt", lambda grad, y: Div(grad, y * 2), "The square root; NaN below 0.", of_output=True
)

# --- waves, hyperbolic functions, and their inverses -------------------------------------------------

Cos: type[Operation]  # the slope of the sine names it

Sin, sin = _function("sin", "sin", lambda grad, a: Mul(grad, Cos(a)), "The sine, of radians.")
Cos, cos = _function("cos", "cos", lambda grad, a: -Mul(grad, Sin(a)), "The cosine, of radians.")
Tan, tan = _function("tan", "tan", lambda grad, y: Mul(grad, y * y + 1), "The tangent, of radians.", of_output=True)
Asin, asin = _function(
    "asin", "arcsin", lambda grad, a: Mul(grad, 1 / Sqrt(1 - a * a)), "The angle whose sine is each element."
)
Acos, acos = _function(
    "acos", "arccos", lambda grad, a: Mul(grad, -1 / Sqrt(1 - a * a)), "The angle whose cosine is each element."
)
Atan, atan = _function(
    "atan", "arctan", lambda grad, a: Mul(grad, 1 / (a * a + 1)), "The angle whose tangent is each element."
)
Sinh, sinh = _function("sinh", "sinh", lambda grad, y: Mul(grad, Sqrt(y * y + 1)), "(e^x - e^-x) / 2", of_output=True)
Cosh, cosh = _function("cosh", "cosh", lambda grad, a: Mul(grad, Sinh(a)), "(e^x + e^-x) / 2")
Asinh, asinh = _function("asinh", "arcsinh", lambda grad, a: Mul(grad, 1 / Sqrt(a * a + 1)), "The inverse of `sinh`.")
Acosh, acosh = _function(
    "acosh", "arccosh", lambda grad, a: Mul(grad, 1 / Sqrt(a * a - 1)), "The inverse of `cosh`; NaN below 1."
)
Atanh, atanh = _function(
    "atanh", "arctanh", lambda grad, a: Mul(grad, 1 / (1 - a * a)), "The inverse of `tanh`; NaN beyond ±1."
)

# --- absolute value, sign, rounding ------------------------------------------------------------------


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


def _without_gradient(name: str, compute: Callable[[Any, Any], Any], text: str) -> Function:
    """A function whose gradient is 0 wherever it exists; `compute` is given NumPy or CuPy, and the array."""

    def forward(ctx: Any, a: Any) -> Any:
        return compute(array_module(a), a)

    def backward(ctx: Any, grad: Any) -> Any:
        return grad * 0

    return _registered(name, name.capitalize(), forward, backward, text, lambda x: x)[1]


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
