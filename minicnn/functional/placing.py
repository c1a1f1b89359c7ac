"""Values put in places: by index, by mask, into parts, reduced where several meet. All but put_ also as copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import through_host, to_device
from minicnn.functional.common import check_tensor, normal_axis
from minicnn.functional.conversion import clone, overwrite
from minicnn.functional.creation import new_ones
from minicnn.functional.elementwise import Mul
from minicnn.functional.gathering import Gather, check_source, checked_index, places_along, scatter, scatter_add
from minicnn.functional.index import Index, IndexPut, keys_of, setitem
from minicnn.functional.joining import along
from minicnn.functional.selection import where
from minicnn.functional.shape import expand, reshape


def _with(input: Tensor, key: Any, value: Any) -> Tensor:
    """A copy of `input` with `value` at [key]."""
    result = clone(input)
    setitem(result, key, value)
    return result


def _vector(index: Tensor, name: str) -> Tensor:
    if check_tensor(index, name, "index").ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim}")
    return reshape(index, -1)


@operation(method="index_fill", inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`input` with `value` (a number or a 0-d tensor) in the parts of axis `dim` at `index`."""
    axis = normal_axis(dim, check_tensor(input, "index_fill").ndim)
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"index_fill_ only supports a 0-dimensional value tensor, but got {value.ndim} dimensions")
    return _with(input, along(axis, _vector(index, "index_fill")), value)


@operation(method="index_copy", inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`input` with source[k] as its part index[k] of axis `dim`."""
    axis = normal_axis(dim, check_tensor(input, "index_copy").ndim)
    places = _vector(index, "index_copy")
    wanted = (*input.shape[:axis], places.numel(), *input.shape[axis + 1 :])
    if check_tensor(source, "index_copy", "source").shape != wanted:
        raise IndexError(f"index_copy_(): `source` must have shape {list(wanted)}, got {list(source.shape)}")
    return _with(input, along(axis, places), source)


@operation(method="index_put", inplace=True)
def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with `values` (broadcast) at [indices], a tuple of tensors; with `accumulate` they are added, as often
    as a place occurs."""
    key = tuple(slice(None) if index is None else index for index in indices)
    check_tensor(values, "index_put", "values")
    if not accumulate:
        return _with(check_tensor(input, "index_put"), key, values)
    keys = keys_of(check_tensor(input, "index_put"), key)
    shape = Index(input.detach(), keys.arrays).shape
    return input + IndexPut(expand(values, shape), tuple(input.shape), keys.arrays)


@operation(method="masked_scatter", inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with the first elements of `source`, in order, where `mask` (bool, broadcast) holds."""
    if check_tensor(mask, "masked_scatter", "mask")._array.dtype != bool:
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if check_tensor(source, "masked_scatter", "source").dtype is not check_tensor(input, "masked_scatter").dtype:
        raise RuntimeError(
            f"masked_scatter_: expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    shape = np.broadcast_shapes(tuple(input.shape), tuple(mask.shape))
    mask = expand(mask, shape)
    count = int(mask._array.sum())
    if count > source.numel():
        raise RuntimeError(
            f"Number of elements of source < number of ones in mask: `source` has {source.numel()}, `mask` {count}"
        )
    return _with(expand(input, shape), mask, reshape(source, -1)[:count])


@operation(method="take")
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flat tensor at `index`, in its shape."""
    flat = reshape(check_tensor(input, "take"), -1)
    if check_tensor(index, "take", "index")._array.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype}")
    return flat[index] if index.ndim else reshape(flat[reshape(index, 1)], ())


@operation(method="put_")
def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """The elements of `source` at the places `index` of the flat tensor, or added there; in place."""
    if check_tensor(source, "put_", "source").numel() != check_tensor(index, "put_", "index").numel():
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.numel()}, index.numel() = {index.numel()}"
        )
    flat = reshape(check_tensor(input, "put_"), -1)
    result = index_put(flat, (reshape(index, -1),), reshape(source, -1), accumulate)
    return overwrite(input, reshape(result, input.shape), "put_")


@operation(method="select_scatter")
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """`input` with `src` as the part at `index` of axis `dim`."""
    return _with(input, along(normal_axis(dim, check_tensor(input, "select_scatter").ndim), index), src)


@operation(method="slice_scatter")
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """`input` with `src` in the indices start … end of axis `dim`."""
    axis = normal_axis(dim, check_tensor(input, "slice_scatter").ndim)
    return _with(input, along(axis, slice(start, end, step)), src)


@operation(method="diagonal_scatter")
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`input` with `src` on a diagonal of axes `dim1`, `dim2`."""
    key = _diagonal(input, offset, dim1, dim2, "diagonal_scatter")
    ndim = input.ndim
    a, b = (normal_axis(d, ndim) for d in (dim1, dim2))
    axes = [i for i in range(ndim) if i not in (a, b)] + [a, b]
    back = tuple(int(i) for i in np.argsort(axes))
    return _with(input.permute(axes), (..., *key), src).permute(back)


def _diagonal(input: Tensor, offset: int, dim1: int, dim2: int, name: str) -> tuple[Tensor, Tensor]:
    check_tensor(input, name)
    rows, columns = input.shape[dim1], input.shape[dim2]
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    steps = np.arange(count)
    return Tensor(steps + max(-offset, 0)), Tensor(steps + max(offset, 0))


@operation(method="fill_diagonal_")
def fill_diagonal_(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """`fill_value` where all indices are equal, in place; with `wrap` the diagonal of a tall matrix goes on below."""
    if check_tensor(input, "fill_diagonal_").ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    shape = tuple(input.shape)
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError(f"all dimensions of input must be of equal length, got {list(shape)}")
    places = np.zeros(shape, bool)
    np.fill_diagonal(places, True, wrap)
    mask = Tensor(to_device(places, input.device))
    filled = where(mask, fill_value, input.detach() if not input.requires_grad else input)
    return overwrite(input, filled, "fill_diagonal_")


# --- several values for one place -------------------------------------------------------------------

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


class ScatterReduce(Operation):
    """The largest or smallest of what meets at each place; equal ones share the gradient"""

    def forward(ctx, input: Any, dim: int, index: Any, src: Any, larger: bool) -> Any:
        ctx.dim = dim

        def reduced(input: Any, index: Any, src: Any) -> Any:
            places = places_along(index, dim)
            src = src[tuple(slice(n) for n in index.shape)]
            output = input.copy()
            (np.maximum if larger else np.minimum).at(output, places, src)
            here = output == input
            there = src == output[places]
            counts = here.astype(input.dtype)
            np.add.at(counts, places, there.astype(input.dtype))
            shares = 1 / counts.clip(1)
            return output, here * shares, there * shares[places]

        output, here, there = through_host(reduced, input, index, src)
        ctx.save(index, here, there)
        return output

    def backward(ctx, grad: Any) -> Any:
        index, here, there = ctx.saved()
        return Mul(grad, here), None, None, Mul(Gather(grad, ctx.dim, index), there), None


@operation(method="scatter_reduce", inplace=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`input` with the "sum", "mean", "amax" or "amin" (or "prod", without a gradient) of what `src` brings to each
    place at `index` along `dim`, and of what was there unless `include_self` is False.

    Of a GPU's tensors "amax", "amin" and "prod" are computed on the host.
    """
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    axis, index = checked_index(input, dim, index, "scatter_reduce")
    check_source(index, check_tensor(src, "scatter_reduce", "src"), input, "scatter_reduce")
    if tuple(src.shape) != tuple(index.shape):
        src = src[tuple(slice(n) for n in index.shape)]
    if not include_self:
        least, most = _limits(input)
        neutral = {"sum": 0, "mean": 0, "prod": 1, "amax": least, "amin": most}[reduce]
        input = scatter(input, axis, index, neutral)
    if reduce == "sum":
        return scatter_add(input, axis, index, src)
    if reduce == "mean":
        ones = new_ones(input, tuple(index.shape))
        own = new_ones(input, tuple(input.shape))
        counts = own if include_self else scatter(own, axis, index, 0)
        counts = scatter_add(counts, axis, index, ones)
        total = scatter_add(input, axis, index, src)
        return total / counts if input._array.dtype.kind == "f" else total // counts
    if reduce != "prod":
        return ScatterReduce(input, axis, index, src, reduce == "amax")
    if input.requires_grad or src.requires_grad:
        raise NotImplementedError("scatter_reduce: `reduce` 'prod' has no gradient in minicnn; use .detach()")

    def multiplied(output: Any, index: Any, src: Any) -> Any:
        output = output.copy()
        np.multiply.at(output, places_along(index, axis), src)
        return output

    return Tensor(through_host(multiplied, input._plain_array(), index._plain_array(), src._plain_array()))


def _limits(input: Tensor) -> tuple[Any, Any]:
    """The smallest and the largest number that the type of `input` has."""
    kind = input._array.dtype
    if kind.kind == "f":
        return float("-inf"), float("inf")
    return (False, True) if kind.kind == "b" else (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
