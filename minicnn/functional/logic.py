"""Comparisons, logic and bits, element by element. They have no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Number, check_tensor, matched, operands


class _NoGradient(Operation):
    """Runs a function of raw arrays, or one of NumPy's by name; nothing passes backward."""

    keeps_layout = True

    def forward(ctx, function: str | Callable[..., Any], *args: Any) -> Any:
        if len(args) == 2:
            args = matched(*args)
        module = array_module(args[0] if np.ndim(args[0]) else args[-1])
        compute = getattr(module, function) if isinstance(function, str) else function
        with np.errstate(divide="ignore", invalid="ignore"):
            return compute(*args)

    def backward(ctx, *grads: Any) -> Any:
        return None, *(g * 0 for g in grads), *((None,) * (len(ctx.edges) - 1 - len(grads)))


def apply_numpy(function: str | Callable[..., Any], *args: Any) -> Tensor:
    """NumPy's function of that name, or a function of raw arrays, without a gradient."""
    detached = (a.detach() if isinstance(a, Tensor) else a for a in args)
    result: Tensor = _NoGradient(function, *detached)
    return result


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
