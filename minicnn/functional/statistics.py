"""Statistics: sums without NaN, quantiles, modes, counts in bins, covariances; finding places and members."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import CPU, array_module, as_array, to_device
from minicnn.functional.arithmetic import lerp
from minicnn.functional.common import Dim, check_tensor, normal_axis
from minicnn.functional.extremes import Pick, amax, amin, picked_along
from minicnn.functional.index import nonzero
from minicnn.functional.joining import along, narrow, stack
from minicnn.functional.matmul import matmul
from minicnn.functional.reduce import mean, only_floating, sum
from minicnn.functional.return_types import named
from minicnn.functional.running import running_extreme
from minicnn.functional.selection import clamp, where
from minicnn.functional.shape import movedim, reshape, squeeze, transpose, unsqueeze
from minicnn.functional.sorting import sort, stable_order

KthValue = named("kthvalue", "values", "indices")
Mode = named("mode", "values", "indices")
Aminmax = named("aminmax", "min", "max")

# --- without NaN ------------------------------------------------------------------------------------


@operation(method="nansum")
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of what is not NaN."""
    missing = check_tensor(input, "nansum").detach().isnan()
    return sum(where(missing, 0, input), dim, keepdim, dtype=dtype)


@operation(method="nanmean")
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of what is not NaN; NaN of nothing."""
    only_floating(input, "nanmean")
    return nansum(input, dim, keepdim, dtype=dtype) / sum(~input.detach().isnan(), dim, keepdim)


# --- order ------------------------------------------------------------------------------------------


class KthvalueAlong(Pick):
    """The k-th smallest along one axis"""

    def forward(ctx, input: Any, dim: int, keepdim: bool, k: int = 1) -> Any:
        ctx.k = k
        return super().forward(input, dim, keepdim)

    def choose(ctx, xp: Any, input: Any, dim: int) -> Any:
        return stable_order(input, dim, False)[along(dim, slice(ctx.k - 1, ctx.k))]

    def backward(ctx, grad: Any, _: Any = None) -> Any:
        return (*super().backward(grad), None)

    def name(ctx) -> str:
        return "KthvalueBackward0"


@operation(method="kthvalue")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """(values, indices): the k-th smallest along `dim`, counted from 1."""
    axis = normal_axis(dim, check_tensor(input, "kthvalue").ndim)
    size = input.shape[axis] if input.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}: k is {k}, size {size}")
    return KthValue(*KthvalueAlong(input, axis, keepdim, k))


class ModeAlong(Pick):
    """The value that occurs most often along one axis, the smallest of them; its last place"""

    def choose(ctx, xp: Any, input: Any, dim: int) -> Any:
        order = stable_order(input, dim, False)
        values = xp.take_along_axis(input, order, dim)  # sorted: equal values are a run
        places = xp.arange(input.shape[dim]).reshape([-1 if i == dim else 1 for i in range(input.ndim)])
        begins = xp.zeros(values.shape, np.int64)
        differ = values[along(dim, slice(1, None))] != values[along(dim, slice(-1))]
        begins[along(dim, slice(1, None))] = xp.where(differ, places[along(dim, slice(1, None))], 0)
        lengths = places - running_extreme("maximum", begins, dim)  # of the run so far, and the first longest one wins
        return xp.take_along_axis(order, xp.expand_dims(lengths.argmax(dim), dim), dim)


@operation(method="mode")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """(values, indices): what occurs most often along `dim` (the smallest of several), and its last place."""
    return picked_along(ModeAlong, Mode, check_tensor(input, "mode"), dim, keepdim, "mode")


@operation(method="msort")
def msort(input: Tensor) -> Tensor:
    """Sorted along the first axis."""
    return sort(input, 0)[0]


@operation(method="quantile")
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The `q`-quantiles along `dim` (of all elements without it); `q` is a number or a 1-d tensor in [0, 1].

    `interpolation` between the two nearest elements: "linear", "lower", "higher", "nearest" or "midpoint".
    The quantiles of a tensor `q` become the first axis. NaN where an element is NaN.
    """
    only_floating(input, "quantile")
    if interpolation not in ("linear", "lower", "higher", "nearest", "midpoint"):
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    many = isinstance(q, Tensor) and q.ndim == 1
    places = np.atleast_1d(np.asarray(q.numpy(force=True) if isinstance(q, Tensor) else q, input._array.dtype))
    if not ((places >= 0) & (places <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    if input.numel() == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    ndim = input.ndim
    rows = unsqueeze(reshape(input, -1), 0) if dim is None else movedim(input, dim, -1) if ndim else unsqueeze(input, 0)
    size = rows.shape[-1]
    ordered = sort(rows, -1)[0]
    ranks = places * input._array.dtype.type(size - 1)
    rounding: Any = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}.get(interpolation)
    ranks = ranks if rounding is None else rounding(ranks)
    low = np.floor(ranks).astype(np.int64)
    weight = np.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - low
    results = []
    missing = ordered.detach().isnan().any(-1, True)
    for below, part in zip(low.tolist(), weight, strict=True):
        first = narrow(ordered, -1, below, 1)
        value = lerp(first, narrow(ordered, -1, min(below + 1, size - 1), 1), float(part))
        results.append(squeeze(where(missing, float("nan"), value), -1))
    kept = [1] * ndim if dim is None else [n if i != normal_axis(dim, ndim) else 1 for i, n in enumerate(input.shape)]
    shape = tuple(kept) if keepdim else () if dim is None or not ndim else tuple(results[0].shape)
    return reshape(stack(results), (len(results), *shape)) if many else reshape(results[0], shape)


@operation(method="aminmax")
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """(min, max) over `dim`, or of all."""
    axes: Any = () if dim is None else dim
    return Aminmax(amin(input, axes, keepdim), amax(input, axes, keepdim))


# --- covariance -------------------------------------------------------------------------------------


@operation(method="cov")
def cov(input: Tensor, *, correction: int = 1) -> Tensor:
    """The covariances of the rows (variables) of a matrix, over its columns (observations)."""
    if check_tensor(input, "cov").ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim}")
    rows = input if input.ndim == 2 else reshape(input, (1, -1))
    rows = rows if rows._array.dtype.kind == "f" else rows.to(dtypes.get_default_dtype())
    centred = rows - mean(rows, 1, True)
    result = matmul(centred, transpose(centred, 0, 1)) / max(rows.shape[1] - correction, 0)
    return result if input.ndim == 2 else reshape(result, ())


@operation(method="corrcoef")
def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of the rows of a matrix."""
    if check_tensor(input, "corrcoef").ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got {input.ndim}")
    covariance = cov(input)
    if covariance.ndim == 0:
        return covariance / covariance
    spread = covariance.diagonal().sqrt()
    return clamp(covariance / unsqueeze(spread, 1) / unsqueeze(spread, 0), -1.0, 1.0)


# --- counts, places, members: no gradient -------------------------------------------------------------


@operation(method="histc")
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal intervals of [min, max] (both 0: of what there is)."""
    only_floating(input, "histc")
    if bins <= 0:
        raise RuntimeError(f"bins must be > 0, got {bins}")
    array = input._plain_array()
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"max must be larger than min, got min {low} and max {high}")
    return Tensor(array_module(array).histogram(array, bins, (low, high))[0].astype(array.dtype))


@operation()
def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None
) -> Tensor:
    """Where each element would stand in a sorted sequence (…, N): the places of `input` (…, M) in its row.

    Before equal ones, or with `right` (or `side="right"`) behind them.
    """
    check_tensor(sorted_sequence, "searchsorted", "sorted_sequence")
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted(): side can only be 'left' or 'right' but got {side}")
    right = side == "right" if side is not None else right
    rows = sorted_sequence._plain_array()
    xp, edge = array_module(rows), "right" if right else "left"
    values = input._plain_array() if isinstance(input, Tensor) else xp.asarray(input, rows.dtype)
    if rows.ndim == 1:
        found = xp.searchsorted(rows, values, side=edge)
    else:
        if values.shape[:-1] != rows.shape[:-1]:
            raise RuntimeError(
                "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
                f"tensor and input value tensor must match, got {list(rows.shape)} and {list(values.shape)}"
            )
        pairs = zip(rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1]), strict=True)
        found = xp.stack([xp.searchsorted(row, each, side=edge) for row, each in pairs]).reshape(values.shape)
    return Tensor(xp.asarray(found).astype(np.int32 if out_int32 else np.int64))


@operation()
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the interval between `boundaries` (sorted, 1-d) that each element falls into."""
    if check_tensor(boundaries, "bucketize", "boundaries").ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@operation()
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is among `test_elements`, bool; with `invert` whether it is not."""
    place = next((x.device for x in (elements, test_elements) if isinstance(x, Tensor)), CPU)
    both = (elements, test_elements)
    a, b = (x._plain_array() if isinstance(x, Tensor) else to_device(np.asarray(x), place) for x in both)
    return Tensor(as_array(array_module(a).isin(a, b, assume_unique=assume_unique, invert=invert)))


@operation(method="unique_consecutive")
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements without those that equal the one before, flat (or the parts along `dim`).

    With `return_inverse` also where each element went, with `return_counts` how many were taken together.
    """
    array = check_tensor(input, "unique_consecutive")._plain_array()
    xp = array_module(array)
    axis = None if dim is None else normal_axis(dim, array.ndim)
    parts = array.reshape(-1) if axis is None else xp.moveaxis(array, axis, 0)
    rows = parts.reshape(len(parts), -1)
    new = xp.ones(len(parts), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    kept = parts[new] if axis is None else xp.moveaxis(parts[new], 0, axis)
    results = [xp.ascontiguousarray(kept)]
    if return_inverse:
        inverse = new.cumsum() - 1
        results.append(inverse.reshape(array.shape) if axis is None else inverse)
    if return_counts:
        ends = xp.full(1, len(parts))
        results.append(xp.diff(xp.concatenate([xp.flatnonzero(new), ends])))
    tensors = tuple(map(Tensor, results))
    return tensors if len(tensors) > 1 else tensors[0]


@operation(method="argwhere")
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not 0: int64 (number, ndim)."""
    result: Tensor = nonzero(input)
    return result
