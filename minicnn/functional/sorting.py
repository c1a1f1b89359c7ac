"""Sorted and counted: sort, topk, unique, bincount, one_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, made, through_host
from minicnn.functional.adding import add_at
from minicnn.functional.common import check_tensor, normal_axis
from minicnn.functional.conversion import clone
from minicnn.functional.creation import zeros
from minicnn.functional.gathering import Gather
from minicnn.functional.joining import along
from minicnn.functional.return_types import named

Sorted = named("sort", "values", "indices")
TopK = named("topk", "values", "indices")


class Sort(Gather):
    """input in sorted order"""


class Topk(Gather):
    """The first k of input in sorted order"""


def stable_order(array: Any, axis: int, descending: bool) -> Any:
    """The stable order; NaN counts as the largest, as in PyTorch."""
    xp = array_module(array)
    kind = {"kind": "stable"} if xp is np else {}
    if not descending:
        return xp.argsort(array, axis=axis, **kind)
    turned = xp.flip(xp.argsort(xp.flip(array, axis), axis=axis, **kind), axis)
    return array.shape[axis] - 1 - turned


class Order(Operation):
    """The first `count` indices of the stable order"""

    def forward(ctx, input: Any, axis: int, descending: bool, count: int) -> Any:
        order = stable_order(input, axis, descending)[along(axis, slice(count))]
        return np.ascontiguousarray(order) if isinstance(order, np.ndarray) else order

    def backward(ctx, grad: Any) -> Any:
        return None, None, None, None


def _sorted(kind: Any, pick: type[Gather], input: Tensor, axis: int, descending: bool, count: int) -> Any:
    index = Order(input.detach(), axis, descending, count)
    return kind(pick(input, axis, index), index)


@operation(method="sort")
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """(values, indices) in ascending (descending) order along `dim`; equal elements keep their order."""
    axis = normal_axis(dim, check_tensor(input, "sort").ndim)
    if input.ndim == 0:
        return Sorted(clone(input), zeros((), dtype=np.int64, device=input.device))
    return _sorted(Sorted, Sort, input, axis, descending, input._array.shape[axis])


@operation(method="argsort")
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort `input` along `dim`, int64."""
    return sort(input.detach(), dim, descending).indices


@operation(method="topk")
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """(values, indices) of the `k` largest (smallest) elements along `dim`, in order."""
    axis = normal_axis(dim, check_tensor(input, "topk").ndim)
    if input._array.dtype == bool:
        raise RuntimeError("topk does not support bool dtypes on CPU; convert `input` with .int()")
    size = input._array.shape[axis] if input.ndim else 1
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise TypeError(f"topk(): argument `k` must be int, not {type(k).__name__}: got {k!r}")
    if not 0 <= k <= size:
        raise RuntimeError(f"selected index k out of range: `k` is {k}, dimension {dim} has size {size}")
    if input.ndim == 0:
        return TopK(clone(input), zeros((), dtype=np.int64, device=input.device))
    return _sorted(TopK, Topk, input, axis, largest, int(k))


@operation(method="unique")
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values in ascending order; with `return_inverse`, `return_counts` a tuple."""
    array = check_tensor(input, "unique")._plain_array()
    if dim is not None:
        dim = normal_axis(dim, input.ndim)

    def found_in(array: Any) -> Any:
        return array_module(array).unique(array, return_inverse=return_inverse, return_counts=return_counts, axis=dim)

    # CuPy compares rows one by one, each comparison a question to the GPU, and bools not at all.
    found = found_in(array) if dim is None else through_host(found_in, array)
    if not (return_inverse or return_counts):
        return Tensor(found)
    parts = list(found)
    if return_inverse and dim is None:
        parts[1] = parts[1].reshape(array.shape)
    return tuple(Tensor(p) for p in parts)


@operation(method="bincount")
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, … occurs in `input` (1-d, whole numbers not below 0), or the sum of weights."""
    array = check_tensor(input, "bincount")._plain_array()
    if array.ndim != 1 or array.dtype.kind not in "iub" or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral `input`s")
    given = None if weights is None else weights._plain_array()
    if given is None or isinstance(array, np.ndarray):
        return Tensor(array_module(array).bincount(array, given, minlength))
    sums = made("zeros", input.device, max(minlength, int(array.max()) + 1 if array.size else 0), np.float64)
    add_at(sums, array, given.astype(np.float64))  # CuPy's own sum of weights would be atomic
    return Tensor(sums)


@operation()
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the class of each element and 0 elsewhere, int64, shape (*, num_classes).

    RuntimeError for values below 0 or from `num_classes` on; -1 takes the largest value + 1.
    """
    array = check_tensor(input, "one_hot")._plain_array()
    if array.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, got {input.dtype}")
    if num_classes == -1 and array.size == 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor: give `num_classes`.")
    looks = array.size and (num_classes == -1 or isinstance(array, np.ndarray))  # on the GPU no more than it must
    if looks and array.min() < 0:
        raise RuntimeError(f"Class values must be non-negative: `input` holds {array.min()}.")
    count = int(array.max()) + 1 if num_classes == -1 else num_classes
    if count < 1:
        raise RuntimeError(f"num_classes should be positive, got {num_classes}")
    if looks and array.max() >= count:
        raise RuntimeError(f"Class values must be smaller than num_classes {count}: `input` holds {array.max()}.")
    xp = array_module(array)
    return Tensor((array[..., None] == xp.arange(count)).astype(np.int64))
