"""Along an axis, from one element to the next: running products and extremes, differences, areas."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, on_cpu
from minicnn.functional.common import Zeros, check_tensor, normal_axis
from minicnn.functional.elementwise import Div, Mul, mul
from minicnn.functional.gathering import ScatterAdd
from minicnn.functional.joining import Slice, along, cat, narrow
from minicnn.functional.rearrange import Flip
from minicnn.functional.reduce import Cumsum, Sum, sum, summed_type
from minicnn.functional.return_types import named
from minicnn.functional.selection import Where
from minicnn.kernels.recorder import recorder

CumMax = named("cummax", "values", "indices")
CumMin = named("cummin", "values", "indices")


class Cumprod(Operation):
    """Running products along an axis"""

    def forward(ctx, input: Any, dim: int) -> Any:
        ctx.dim = dim
        output = input.cumprod(axis=dim, dtype=input.dtype) if input.ndim else input.copy()
        ctx.save(input, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        input, output = ctx.saved()
        raw, axes = input._array if isinstance(input, Tensor) else input, (ctx.dim,)
        if not raw.ndim:
            return grad, None
        if recorder.tape is not None:
            recorder.tape.refuse("looks for zeros in the factors of cumprod")
        if (raw != 0).all():  # x_i is a factor of every product from i on
            later = Flip(Cumsum(Flip(Mul(grad, output), axes), ctx.dim), axes)
            return Div(later, input), None
        whole: Any = None
        for i in range(raw.shape[ctx.dim]):  # beside zeros: the products without x_i
            here = array_module(raw).zeros(raw.shape, bool)
            here[along(ctx.dim, i)] = True
            products = Mul(Cumprod(Where(here, 1.0, input), ctx.dim), grad)
            rest = Sum(Slice(products, along(ctx.dim, slice(i, None))), axes, True)
            part = Mul(rest, here.astype(raw.dtype))
            whole = part if whole is None else whole + part
        return whole, None


@operation(method="cumprod", inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along `dim`; of whole numbers as int64."""
    input = summed_type(input, dtype, "cumprod")
    return Cumprod(input, normal_axis(dim, input.ndim))


def running_extreme(function: str, array: Any, axis: int) -> Any:
    """The "maximum" or "minimum" of each element and all before it along an axis of a raw array; NaN stays. CuPy has no
    `accumulate` of these: there the stretch that an element knows is doubled until it reaches the beginning."""
    join = getattr(array_module(array), function)
    if on_cpu(array):
        return join.accumulate(array, axis=axis)
    found, known = array.copy(), 1
    while known < array.shape[axis]:
        later, earlier = along(axis, slice(known, None)), along(axis, slice(-known))
        found[later] = join(found[later], found[earlier])
        known *= 2
    return found


class Cummax(Operation):
    """The largest so far along an axis, and where it stands: the last of equal ones"""

    function = "maximum"

    def forward(ctx, input: Any, dim: int) -> Any:
        ctx.shape, ctx.dim = input.shape, dim
        xp = array_module(input)
        if not input.ndim:
            place = xp.zeros((), np.int64)
            ctx.save(place)
            return input.copy(), place
        values = running_extreme(ctx.function, input, dim)
        hits = input == values
        if input.dtype.kind == "f":
            hits |= xp.isnan(input)
        places = xp.arange(input.shape[dim]).reshape([-1 if i == dim else 1 for i in range(input.ndim)])
        index = running_extreme("maximum", xp.where(hits, places, 0), dim)
        ctx.save(index)
        return values, index

    def backward(ctx, grad: Any, _: Any = None) -> Any:
        (index,) = ctx.saved()
        if not ctx.shape:
            return grad, None
        return ScatterAdd(Zeros(grad, ctx.shape), ctx.dim, index, grad), None


class Cummin(Cummax):
    """The smallest so far along an axis, and where it stands"""

    function = "minimum"


@operation(method="cummax")
def cummax(input: Tensor, dim: int) -> Any:
    """(values, indices): the largest so far along `dim`, and where it stands (the last of equal ones)."""
    return CumMax(*Cummax(check_tensor(input, "cummax"), normal_axis(dim, input.ndim)))


@operation(method="cummin")
def cummin(input: Tensor, dim: int) -> Any:
    """(values, indices): the smallest so far along `dim`, and where it stands (the last of equal ones)."""
    return CumMin(*Cummin(check_tensor(input, "cummin"), normal_axis(dim, input.ndim)))


@operation(method="diff")
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Each element less the one before along `dim`, `n` times; `prepend` and `append` are put beside first."""
    if check_tensor(input, "diff").ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = normal_axis(dim, input.ndim)
    parts = [x for x in (prepend, input, append) if x is not None]
    result = cat(parts, axis) if len(parts) > 1 else input
    for _ in range(n):
        length = max(result.shape[axis] - 1, 0)
        later, earlier = (narrow(result, axis, min(start, result.shape[axis]), length) for start in (1, 0))
        result = later != earlier if result._array.dtype == bool else later - earlier
    return result


@operation()
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """The area under `y` along `dim`, by straight lines between points `dx` apart, or at the places `x`."""
    axis = normal_axis(dim, check_tensor(y, "trapezoid", "y").ndim)
    length = y.shape[axis] - 1
    pairs = narrow(y, axis, 1, length) + narrow(y, axis, 0, length)
    if x is None:
        return sum(pairs, axis) * (dx / 2)
    places = x if x.ndim > 1 else x.reshape([-1 if i == axis else 1 for i in range(y.ndim)])
    return sum(mul(pairs, diff(places, dim=axis if places.ndim == y.ndim else -1)), axis) / 2
