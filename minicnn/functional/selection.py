"""Two candidates, one answer, element by element: where, maximum, minimum, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, made
from minicnn.functional.common import check_tensor, floating, matched, operands, sum_to
from minicnn.functional.elementwise import Mul


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
    return a, b if isinstance(b, Tensor) else number_beside(a, b, a._array.dtype)


def number_beside(tensor: Tensor, number: Any, kind: Any) -> Tensor:
    """A number as a 0-d tensor on the device of `tensor`."""
    return Tensor(made("full", tensor.device, (), number, kind))


@operation(method="clip", inplace=True)
def clip(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """As `clamp`."""
    return clamp(input, min, max)


class Where(Operation):
    """a where the condition holds, b elsewhere"""

    keeps_layout = True

    def forward(ctx, condition: Any, a: Any, b: Any) -> Any:
        ctx.shapes = np.shape(a), np.shape(b)
        ctx.save(condition)
        if np.ndim(a):
            condition, a = matched(condition, a)
        if np.ndim(b):
            condition, b = matched(condition, b)
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
        input = number_beside(condition, input, dtypes.result_type(input, other))
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
