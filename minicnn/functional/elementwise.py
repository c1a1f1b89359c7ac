"""Element by element: arithmetic, powers, exponentials, comparisons, rounding, selection.

Two operands broadcast as in NumPy; the gradient of a broadcast operand is summed back to its shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, made
from minicnn.functional.common import (
    Number,
    check_tensor,
    floating,
    matched,
    operands,
    sum_to,
)

# --- arithmetic -----------------------------------------------------------------------------------


class Add(Operation):
    """a + b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        return a + b

    def backward(ctx, grad: Any) -> Any:
        return tuple(sum_to(grad, s) if ctx.needs(i) else None for i, s in enumerate(ctx.shapes))


@operation(method="add", operators=("__add__", "__radd__", "__iadd__"), inplace=True)
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha · other, broadcast."""
    input, other = operands(input, other, name="add")
    _check_alpha(alpha, input, other)
    return Add(input, other if alpha == 1 else other * alpha)


class Sub(Operation):
    """a - b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        return a - b

    def backward(ctx, grad: Any) -> Any:
        a_shape, b_shape = ctx.shapes
        return (
            sum_to(grad, a_shape) if ctx.needs(0) else None,
            sum_to(-grad, b_shape) if ctx.needs(1) else None,
        )


@operation(method="sub", operators=("__sub__", "__rsub__", "__isub__"), inplace=True)
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha · other, broadcast."""
    if any(isinstance(x, bool) or (isinstance(x, Tensor) and x._array.dtype == bool) for x in (input, other)):
        raise RuntimeError("Subtraction, the `-` operator, with a bool tensor is not supported; use ^ or ~")
    input, other = operands(input, other, name="sub")
    _check_alpha(alpha, input, other)
    return Sub(input, other if alpha == 1 else other * alpha)


def _check_alpha(alpha: Any, input: Any, other: Any) -> None:
    """TypeError, RuntimeError for an `alpha` that is no number of the operands' kind."""
    if not isinstance(alpha, int | float | np.number | np.bool_):
        raise TypeError(f"argument `alpha` must be Number, not {type(alpha).__name__}: got {alpha!r}")
    kinds = {x._array.dtype.kind if isinstance(x, Tensor) else np.asarray(x).dtype.kind for x in (input, other)}
    if isinstance(alpha, bool | np.bool_) and kinds != {"b"}:
        raise RuntimeError(f"Boolean alpha only supported for Boolean results, got `alpha` {alpha!r}")
    if isinstance(alpha, float | np.floating) and "f" not in kinds:
        raise RuntimeError(f"For integral input tensors, `alpha` must not be a floating point number: {alpha!r}")


class Mul(Operation):
    """a · b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a if ctx.needs(1) else None, b if ctx.needs(0) else None)
        a, b = matched(a, b)
        return a * b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        return (
            sum_to(Mul(grad, b), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Mul(grad, a), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="mul", operators=("__mul__", "__rmul__", "__imul__"), inplace=True)
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · other, broadcast."""
    input, other = operands(input, other, name="mul")
    result: Tensor = Mul(input, other)
    return result


class Div(Operation):
    """a / b"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(a if ctx.needs(1) else None, b)
        a, b = matched(a, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            return a / b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        grad_a = Div(grad, b)
        return (
            sum_to(grad_a, ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(grad_a, Div(a, b)), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="div", operators=("__truediv__", "__rtruediv__", "__itruediv__"), inplace=True)
def div(input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode not in (None, "trunc"):
        raise RuntimeError(f"`rounding_mode` is {rounding_mode!r}; expected None, 'trunc' or 'floor'")
    kind = operands(input, other, name="div")[0]
    quotient = Div(*operands(input, other, name="div", floating=True))
    if rounding_mode is None:
        return quotient
    return trunc(quotient) if kind._array.dtype.kind == "f" else trunc(quotient).to(kind.dtype)


class Neg(Operation):
    """-a"""

    keeps_layout = True

    def forward(ctx, a: Any) -> Any:
        return -a

    def backward(ctx, grad: Any) -> Any:
        return -grad


@operation(method="neg", operators=("__neg__",), inplace=True)
def neg(input: Tensor) -> Tensor:
    """-input"""
    if check_tensor(input, "neg")._array.dtype == bool:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported; use ~")
    return Neg(input)


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


def _raw(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


def _log_of_base(a: Any, b: Any) -> Any:
    """ln a, but 0 where a is 0 and b is not negative: there a^b stays what it is."""
    raw_a, raw_b = _raw(a), _raw(b)
    if not hasattr(raw_a, "dtype"):  # a number
        kind = raw_b.dtype.type
        return float(np.log(raw_a)) if raw_a else Where(raw_b >= 0, kind(0), kind(-np.inf))
    zero = np.equal(raw_a, 0) & np.greater_equal(raw_b, 0)
    return Log(Where(zero, 1.0, a) if _any(zero) else a)


def _slope(a: Any, b: Any) -> Any:
    zero = np.equal(_raw(b), 0)  # 0 · a^-1 is 0, not NaN, where a is 0
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


# --- functions of one variable --------------------------------------------------------------------


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


@operation(method="rsqrt", inplace=True)
def rsqrt(input: Tensor) -> Tensor:
    """1 / √input"""
    return pow(floating(input), -0.5)


@operation(method="reciprocal", inplace=True)
def reciprocal(input: Tensor) -> Tensor:
    """1 / input"""
    return div(1, input)


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


class Clamp(Operation):
    """a limited to [low, high]; the gradient passes where the value was inside, ends included."""

    keeps_layout = True

    def forward(ctx, a: Any, low: Any, high: Any) -> Any:
        inside = True if low is None else a >= low
        ctx.save(inside if high is None else inside & (a <= high))
        return a.clip(low, high)

    def backward(ctx, grad: Any) -> Any:
        (inside,) = ctx.saved()
        return Mul(grad, inside), None, None


@operation(method="clamp", inplace=True)
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element limited to [min, max]; numbers or tensors, one of them may be None."""
    check_tensor(input, "clamp")
    if not all(bound is None or isinstance(bound, Tensor | int | float | np.number) for bound in (min, max)):
        raise TypeError(f"clamp(): `min` and `max` must be numbers or Tensors, got {min!r} and {max!r}")
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of `min` or `max` must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        bounded = input if min is None else maximum(*_both(input, min))
        return bounded if max is None else minimum(*_both(bounded, max))
    if any(isinstance(bound, float) for bound in (min, max)):
        input = floating(input)
    return Clamp(input, min, max)


def _both(a: Tensor, b: Any) -> tuple[Any, Any]:
    return a, b if isinstance(b, Tensor) else _beside(a, b, a._array.dtype)


def _beside(tensor: Tensor, number: Any, kind: Any) -> Tensor:
    """A number as a 0-d tensor on the device of `tensor`."""
    return Tensor(made("full", tensor.device, (), number, kind))


@operation(method="clip", inplace=True)
def clip(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """As `clamp`."""
    return clamp(input, min, max)


def _without_gradient(name: str, compute: Callable[[Any, Any], Any], text: str) -> Callable[[Tensor], Tensor]:
    """An operation of one variable whose gradient is 0 wherever it exists (rounding, sign)."""

    def forward(ctx: Any, a: Any) -> Any:
        return compute(array_module(a), a)

    def backward(ctx: Any, grad: Any) -> Any:
        return grad * 0

    kind = type(name.capitalize(), (Operation,), {
        "forward": forward, "backward": backward, "keeps_layout": True, "__slots__": (), "__doc__": text,
    })

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



# --- two candidates, one answer -------------------------------------------------------------------


class Where(Operation):
    """a where the condition holds, b elsewhere"""

    keeps_layout = True

    def forward(ctx, condition: Any, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(condition)
        if np.ndim(a):
            condition, a = _matched_condition(condition, a)
        if np.ndim(b):
            condition, b = _matched_condition(condition, b)
        result = array_module(condition).where(condition, a, b)
        if isinstance(result, np.ndarray) and result.ndim > 1 and not condition.flags.c_contiguous:
            result = _like(result, condition)
        return result

    def backward(ctx, grad: Any) -> Any:
        (condition,) = ctx.saved()
        return (
            None,
            sum_to(Mul(grad, condition), ctx.shapes[0]) if ctx.needs(1) else None,
            sum_to(Mul(grad, ~condition), ctx.shapes[1]) if ctx.needs(2) else None,
        )


def _matched_condition(condition: Any, value: Any) -> tuple[Any, Any]:
    return matched(condition, value)


def _like(result: Any, model: Any) -> Any:
    """np.where always answers in C order: give back the order of `model`."""
    if result.shape != model.shape or result.strides == model.strides:
        return result
    copy = np.empty_like(model, dtype=result.dtype)
    copy[...] = result
    return copy


@operation()
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where `condition` (bool) holds, other elsewhere; with `condition` alone, its true indices."""
    if input is None and other is None:
        indices = np.nonzero(check_tensor(condition, "where", "condition")._plain_array())  # CuPy's of a CuPy array
        return tuple(Tensor(i) for i in indices)
    if check_tensor(condition, "where", "condition")._array.dtype == np.uint8:
        condition = condition.bool()
    if condition._array.dtype != bool:
        raise RuntimeError(f"where expected `condition` to be a boolean tensor, but got {condition.dtype}")
    if isinstance(input, int | float) and isinstance(other, int | float):
        input = _beside(condition, input, dtypes.result_type(input, other))
    a, b = operands(input, other, name="where")
    return Where(condition, a, b)


@operation(method="where")
def where_method(input: Tensor, condition: Tensor, other: Any) -> Tensor:
    """input where `condition` (bool) holds, other elsewhere."""
    result: Tensor = where(condition, input, other)
    return result


class _Extreme(Operation):
    """The larger (smaller) of a and b; equal values share the gradient."""

    keeps_layout = True
    larger = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = a.shape, b.shape
        a, b = matched(a, b)
        wins = (a > b) if ctx.larger else (a < b)
        ctx.save(wins, a == b)
        xp = array_module(a)
        return xp.maximum(a, b) if ctx.larger else xp.minimum(a, b)

    def backward(ctx, grad: Any) -> Any:
        wins, equal = ctx.saved()
        half = Mul(grad, equal) * 0.5
        grad_a = Mul(grad, wins) + half
        return sum_to(grad_a, ctx.shapes[0]), sum_to(grad - grad_a, ctx.shapes[1])


class Maximum(_Extreme):
    """The larger of a and b"""


class Minimum(_Extreme):
    """The smaller of a and b"""

    larger = False


@operation(method="maximum")
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair of elements; NaN if one is NaN."""
    check_tensor(input, "maximum"), check_tensor(other, "maximum", "other")
    return Maximum(*operands(input, other, name="maximum"))


@operation(method="minimum")
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair of elements; NaN if one is NaN."""
    check_tensor(input, "minimum"), check_tensor(other, "minimum", "other")
    return Minimum(*operands(input, other, name="minimum"))


# --- integers, comparisons, logic: no gradient ------------------------------------------------------


class _NoGradient(Operation):
    """Runs a NumPy function by name; nothing passes backward."""

    keeps_layout = True

    def forward(ctx, function: str, *args: Any) -> Any:
        if len(args) == 2:
            args = matched(*args)
        with np.errstate(divide="ignore", invalid="ignore"):
            return getattr(array_module(args[0] if np.ndim(args[0]) else args[-1]), function)(*args)

    def backward(ctx, *grads: Any) -> Any:
        return None, *(g * 0 for g in grads), *((None,) * (len(ctx.edges) - 1 - len(grads)))


def apply_numpy(function: str, *args: Any) -> Tensor:
    """NumPy's function of that name, without a gradient."""
    detached = (a.detach() if isinstance(a, Tensor) else a for a in args)
    result: Tensor = _NoGradient(function, *detached)
    return result


@operation(method="floor_divide", operators=("__floordiv__", "__rfloordiv__", "__ifloordiv__"), inplace=True)
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    input, other = operands(input, other, name="floor_divide")
    no_integer_zero(input, other)
    return apply_numpy("floor_divide", input, other)


def no_integer_zero(input: Any, other: Any) -> None:
    """RuntimeError for a division of integers by 0; on the GPU it is not looked for, as in PyTorch."""
    numbers = ("f" if isinstance(x, float) else "i" for x in (input, other))
    kinds = [x._array.dtype.kind if isinstance(x, Tensor) else k for x, k in zip((input, other), numbers, strict=True)]
    divisor = _raw(other)
    if "f" not in kinds and not hasattr(divisor, "get") and not np.all(divisor):
        raise RuntimeError("ZeroDivisionError: `other` holds an integer 0")


class Remainder(Operation):
    """a modulo b with the sign of b: a - b·floor(a/b)"""

    keeps_layout = True

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        a, b = matched(a, b)
        xp = array_module(a if np.ndim(a) else b)
        with np.errstate(divide="ignore", invalid="ignore"):
            ctx.save(xp.floor_divide(a, b) if ctx.needs(1) else None)
            return xp.remainder(a, b)

    def backward(ctx, grad: Any) -> Any:
        (quotient,) = ctx.saved()
        return (
            sum_to(grad, ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(-Mul(grad, quotient), ctx.shapes[1]) if ctx.needs(1) else None,
        )


@operation(method="remainder", operators=("__mod__", "__rmod__", "__imod__"), inplace=True)
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input modulo other, with the sign of `other`, as Python's %."""
    input, other = operands(input, other, name="remainder")
    no_integer_zero(input, other)
    return Remainder(input, other)


@operation(method="eq", operators=("__eq__",), inplace=True)
def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """input = other, as bools."""
    return apply_numpy("equal", *operands(check_tensor(input, "eq"), other, name="eq"))


@operation(method="ne", operators=("__ne__",), inplace=True)
def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """input ≠ other, as bools."""
    return apply_numpy("not_equal", *operands(check_tensor(input, "ne"), other, name="ne"))


@operation(method="lt", operators=("__lt__",), inplace=True)
def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """input < other, as bools."""
    return apply_numpy("less", *operands(check_tensor(input, "lt"), other, name="lt"))


@operation(method="le", operators=("__le__",), inplace=True)
def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """input ≤ other, as bools."""
    return apply_numpy("less_equal", *operands(check_tensor(input, "le"), other, name="le"))


@operation(method="gt", operators=("__gt__",), inplace=True)
def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """input > other, as bools."""
    return apply_numpy("greater", *operands(check_tensor(input, "gt"), other, name="gt"))


@operation(method="ge", operators=("__ge__",), inplace=True)
def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """input ≥ other, as bools."""
    return apply_numpy("greater_equal", *operands(check_tensor(input, "ge"), other, name="ge"))


def bitwise(function: str, symbol: str, input: Any, other: Any) -> Tensor:
    """NumPy's function for the operator `symbol`, of bools and integers."""
    input, other = operands(input, other, name=symbol)
    if any((x._array.dtype.kind == "f") if isinstance(x, Tensor) else isinstance(x, float) for x in (input, other)):
        raise RuntimeError(f"`{symbol}` works on bools and integers, not on floating-point numbers")
    return apply_numpy(function, input, other)


@operation(method="bitwise_and", operators=("__and__", "__rand__", "__iand__"), inplace=True)
def bitwise_and(input: Tensor, other: Tensor | int) -> Tensor:
    """input & other of bools or integers."""
    return bitwise("bitwise_and", "&", input, other)


@operation(method="bitwise_or", operators=("__or__", "__ror__", "__ior__"), inplace=True)
def bitwise_or(input: Tensor, other: Tensor | int) -> Tensor:
    """input | other of bools or integers."""
    return bitwise("bitwise_or", "|", input, other)


@operation(method="bitwise_xor", operators=("__xor__", "__rxor__", "__ixor__"), inplace=True)
def bitwise_xor(input: Tensor, other: Tensor | int) -> Tensor:
    """input ^ other of bools or integers."""
    return bitwise("bitwise_xor", "^", input, other)


@operation(method="bitwise_not", operators=("__invert__",), inplace=True)
def bitwise_not(input: Tensor) -> Tensor:
    """~input of bools or integers."""
    if check_tensor(input, "bitwise_not")._array.dtype.kind == "f":
        raise TypeError("`~` works on bools and integers, not on floating-point numbers")
    return apply_numpy("invert", input)


@operation(method="logical_not", inplace=True)
def logical_not(input: Tensor) -> Tensor:
    """True where an element is 0."""
    return apply_numpy("logical_not", check_tensor(input, "logical_not"))


def _logical(name: str, input: Any, other: Any) -> Tensor:
    return apply_numpy(name, *operands(check_tensor(input, name), check_tensor(other, name, "other"), name=name))


@operation(method="logical_and", inplace=True)
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """True where neither element is 0."""
    return _logical("logical_and", input, other)


@operation(method="logical_or", inplace=True)
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """True where an element is not 0."""
    return _logical("logical_or", input, other)


@operation(method="isnan")
def isnan(input: Tensor) -> Tensor:
    """True where an element is NaN."""
    return apply_numpy("isnan", check_tensor(input, "isnan"))


@operation(method="isinf")
def isinf(input: Tensor) -> Tensor:
    """True where an element is +inf or -inf."""
    return apply_numpy("isinf", check_tensor(input, "isinf"))


@operation(method="isfinite")
def isfinite(input: Tensor) -> Tensor:
    """True where an element is neither infinite nor NaN."""
    return apply_numpy("isfinite", check_tensor(input, "isfinite"))
