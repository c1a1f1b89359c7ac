"""The largest and the smallest: max and min in PyTorch's three forms, amax, argmax, median."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, made
from minicnn.functional.common import Dim, Expand, Zeros, check_tensor, normal_axes, normal_axis
from minicnn.functional.elementwise import Mul
from minicnn.functional.gathering import ScatterAdd
from minicnn.functional.return_types import named
from minicnn.functional.selection import maximum, minimum
from minicnn.functional.shape import View, reshape
from minicnn.functional.sorting import stable_order

MaxResult = named("max", "values", "indices")
MinResult = named("min", "values", "indices")
MedianResult = named("median", "values", "indices")

# --- over several axes: equal elements share the gradient ---------------------------------------------


class Share(Operation):
    """One over how many of the input are equal to `best` along some axes, where they are, and 0 elsewhere"""

    def forward(ctx, input: Any, best: Any, axes: tuple[int, ...]) -> Any:
        hits = input == best
        return (hits / hits.sum(axis=axes, keepdims=True).clip(1)).astype(input.dtype)

    def backward(ctx, grad: Any) -> Any:
        return None, None, None


class Amax(Operation):
    """The largest over some axes; equal ones share the gradient"""

    keeps_layout = True
    function = "max"

    def forward(ctx, input: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
        ctx.shape, ctx.kept = input.shape, tuple(1 if i in axes else n for i, n in enumerate(input.shape))
        ctx.axes = axes
        output = getattr(input, ctx.function)(axis=axes, keepdims=keepdim)
        ctx.save(input, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        input, best = ctx.saved()
        share = Share(input, View(best, ctx.kept), ctx.axes)
        return Mul(Expand(View(grad, ctx.kept), ctx.shape), share), None, None


class Amin(Amax):
    """The smallest over some axes; equal ones share the gradient"""

    function = "min"


class Max(Amax):
    """The largest of all"""

    def name(ctx) -> str:
        return f"{type(ctx).__name__}Backward1"


class Min(Max):
    """The smallest of all"""

    function = "min"


@operation(method="amax")
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim` (int or tuple; all without it)."""
    return Amax(input, _axes(input, dim, "amax"), keepdim)


@operation(method="amin")
def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim` (int or tuple; all without it)."""
    return Amin(input, _axes(input, dim, "amin"), keepdim)


def _axes(input: Tensor, dim: Dim, name: str) -> tuple[int, ...]:
    axes = normal_axes(dim, check_tensor(input, name).ndim)
    shape = input._array.shape
    if dim in (None, ()) and input.numel() == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
            "dim with the 'dim' argument."
        )
    for axis in axes:
        if shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    return axes


# --- along one axis: the first of the equal ones ------------------------------------------------------


class Pick(Operation):
    """The element that `choose` finds along one axis, and where; the gradient goes there."""

    function = ""

    def forward(ctx, input: Any, dim: int, keepdim: bool) -> Any:
        xp = array_module(input)
        ctx.shape, ctx.dim = input.shape, dim
        if input.ndim == 0:
            ctx.save(None)
            return input.copy(), xp.zeros((), np.int64)
        index = ctx.choose(xp, input, dim)
        ctx.save(index)
        values = xp.take_along_axis(input, index, dim)
        return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim).copy())

    def choose(ctx, xp: Any, input: Any, dim: int) -> Any:
        return xp.expand_dims(getattr(xp, ctx.function)(input, dim), dim)

    def backward(ctx, grad: Any, _: Any = None) -> Any:
        (index,) = ctx.saved()
        if index is None:
            return grad, None, None
        return ScatterAdd(Zeros(grad, ctx.shape), ctx.dim, index, View(grad, index.shape)), None, None

    def name(ctx) -> str:
        return f"{type(ctx).__name__.removesuffix('Along')}Backward{int(type(ctx) is MedianAlong)}"


class MaxAlong(Pick):
    """The largest along one axis"""

    function = "argmax"


class MinAlong(Pick):
    """The smallest along one axis"""

    function = "argmin"


class MedianAlong(Pick):
    """The lower median along one axis"""

    def choose(ctx, xp: Any, input: Any, dim: int) -> Any:
        order = stable_order(input, dim, False)
        middle = (input.shape[dim] - 1) // 2
        index = order[(slice(None),) * dim + (slice(middle, middle + 1),)]
        if input.dtype.kind != "f":
            return index
        nan = xp.isnan(input)  # NaN wins, the first one
        first = xp.expand_dims(nan.argmax(dim), dim)
        return xp.where(nan.any(axis=dim, keepdims=True), first, index)


class Median(MedianAlong):
    """The lower median of all"""

    def name(ctx) -> str:
        return "MedianBackward0"


def picked_along(pick: type[Pick], result: Any, input: Tensor, dim: int, keepdim: bool, name: str) -> Any:
    """(values, indices) of `pick` along an axis, as a `result`; IndexError where there is nothing to pick from."""
    axis = normal_axis(dim, input.ndim)
    if input.ndim and input._array.shape[axis] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    return result(*pick(input, axis, keepdim))


@operation(method="max")
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """`max(input)`: the largest element. `max(input, dim)`: (values, indices) along one axis, the first where
    several are equal. `max(input, other)`: the larger of each pair."""
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return maximum(input, other)
    if dim is None:
        return Max(input, _axes(input, None, "max"), False)
    return picked_along(MaxAlong, MaxResult, check_tensor(input, "max"), dim, keepdim, "max")


@operation(method="min")
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """`min(input)`: the smallest element. `min(input, dim)`: (values, indices) along one axis, the first
    where several are equal. `min(input, other)`: the smaller of each pair."""
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return minimum(input, other)
    if dim is None:
        return Min(input, _axes(input, None, "min"), False)
    return picked_along(MinAlong, MinResult, check_tensor(input, "min"), dim, keepdim, "min")


@operation(method="median")
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median of all elements, or (values, indices) along `dim`."""
    if dim is not None:
        return picked_along(MedianAlong, MedianResult, check_tensor(input, "median"), dim, keepdim, "median")
    if check_tensor(input, "median").numel() == 0:
        return Tensor(made("full", input.device, (), np.nan, input._array.dtype))
    return Median(reshape(input, -1), 0, False)[0]


@operation(method="argmax")
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the largest element along `dim` (of the flattened tensor without it), int64."""
    return _place(input, "argmax", dim, keepdim)


@operation(method="argmin")
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the smallest element along `dim` (of the flattened tensor without it), int64."""
    return _place(input, "argmin", dim, keepdim)


class Place(Operation):
    """Where along an axis (of all, if None) the largest or smallest stands"""

    def forward(ctx, input: Any, function: str, axis: int | None, keepdim: bool) -> Any:
        return getattr(array_module(input), function)(input, axis=axis, keepdims=keepdim)


def _place(input: Tensor, function: str, dim: int | None, keepdim: bool) -> Tensor:
    array = check_tensor(input, function)._array
    if array.dtype == bool:
        raise RuntimeError(f"{function}(): does not support bool input; convert with .int()")
    axis = None if dim is None else normal_axis(dim, array.ndim)
    if array.size == 0 and (axis is None or array.shape[axis] == 0):
        raise IndexError(f"{function}(): Expected reduction dim to be specified for input.numel() == 0.")
    if array.ndim == 0:
        return Tensor(made("zeros", input.device, (), np.int64))
    result: Tensor = Place(input, function, axis, keepdim)
    return result
