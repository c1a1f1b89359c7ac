"""Memory orders: how the numbers of an array of logical shape (N, C, H, W) lie in memory.

PLAIN       N C H W, the last axis innermost: NumPy's C order, what the user sees.
BATCH_LAST  C H W N, the batch innermost. Every SIMD lane then holds another image, so a layer of
            1, 6 or 16 channels fills the vectors as well as one of 512, and no border is special.

Both are ordinary NumPy arrays of the logical shape; only the strides differ.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

PLAIN = "plain"
BATCH_LAST = "batch_last"
ANY = "any"

_LAST = [tuple(range(1, ndim)) + (0,) * (ndim > 0) for ndim in range(65)]  # axes: the first one last
_FIRST = [(ndim - 1,) * (ndim > 0) + tuple(range(ndim - 1)) for ndim in range(65)]  # and back


def batch_last_view(array: Any) -> Any:
    """`array` (N, …) seen as (…, N): C-contiguous exactly if `array` is batch-last."""
    return array.transpose(_LAST[array.ndim])


def order_of(array: Any) -> str:
    """PLAIN, BATCH_LAST, or ANY for every other stride pattern; PLAIN where both fit."""
    if array.flags.c_contiguous:
        return PLAIN
    if array.ndim >= 2 and batch_last_view(array).flags.c_contiguous:
        return BATCH_LAST
    return ANY


def empty(shape: tuple[int, ...], dtype: Any, order: str) -> np.ndarray:
    """An uninitialised NumPy array of logical `shape` in memory order `order`."""
    if order == BATCH_LAST and len(shape) >= 2:
        return np.empty(shape[1:] + shape[:1], dtype).transpose(_FIRST[len(shape)])
    return np.empty(shape, dtype)


def as_order(flat: Any, shape: tuple[int, ...], order: str) -> Any:
    """A 1-d array as the memory of an array of logical `shape` in `order` (a view)."""
    if order == BATCH_LAST and len(shape) >= 2:
        return flat.reshape(shape[1:] + shape[:1]).transpose(_FIRST[len(shape)])
    return flat.reshape(shape)


def memory(array: np.ndarray) -> np.ndarray:
    """The memory of a plain or batch-last array as one 1-d array (a view, never a copy)."""
    if not array.flags.c_contiguous:
        array = batch_last_view(array)
    flat = array.reshape(-1)
    assert flat.size == 0 or np.may_share_memory(flat, array), "memory() takes plain or batch-last arrays"
    return flat


def size(shape: tuple[int, ...]) -> int:
    """The number of elements of an array of this shape."""
    return math.prod(shape)
