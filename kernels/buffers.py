"""Memory for activations, used again from one training step to the next.

A fresh array of some megabytes costs more than the tanh written into it: the system hands out its pages
one fault at a time, and takes them back when the array goes. So the memory of activations comes from
blocks that are kept. A block is free again when nothing refers to it but this pool: every array made of
it, and every view of those, holds a reference to it, so Python's own counting says so.

Only batch-last arrays and the flat memory of elementwise kernels are taken from here. What a caller keeps
for long, as the gradient of a parameter, has memory of its own.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

from . import layout

SMALLEST, LARGEST = 1 << 16, 1 << 26  # bytes of the arrays that are pooled: smaller ones are cheap, larger ones rare
LINE = 64  # bytes of a cache line
KEPT = 1 << 28  # bytes in all

_lock = threading.Lock()
_blocks: dict[int, list[tuple[np.ndarray, int]]] = {}  # by length: (block, where its first cache line begins)
_total = 0


def empty(shape: tuple[int, ...], dtype: Any, order: str) -> Any:
    """As layout.empty, with memory that may have been used before."""
    size = layout.size(shape) * dtype.itemsize
    if not SMALLEST <= size <= LARGEST or (order != layout.BATCH_LAST and len(shape) != 1):
        return layout.empty(shape, dtype, order)
    return layout.as_order(_take(size).view(dtype), shape, order)


def _take(size: int) -> np.ndarray:
    """A view of `size` bytes of a block that nobody uses."""
    global _total
    step = 1 << max(size.bit_length() - 3, 12)  # at most an eighth more than asked for
    length = -(-size // step) * step
    with _lock:
        blocks = _blocks.setdefault(length, [])
        for block, start in blocks:
            if sys.getrefcount(block) == UNUSED:
                return block[start : start + size]
        if _total + length > KEPT:
            _drop_unused()
        block = np.empty(length + LINE, np.uint8)
        start = -block.ctypes.data % LINE  # a vector that lies across two cache lines takes twice as long
        if _total + length <= KEPT:
            blocks.append((block, start))
            _total += length
        return block[start : start + size]


def release_unused() -> None:
    """Give back the blocks that nobody uses."""
    with _lock:
        _drop_unused()


def _drop_unused() -> None:
    """The same, within the lock: sizes change, and old ones would stay for ever."""
    global _total
    for blocks in _blocks.values():
        for index in range(len(blocks) - 1, -1, -1):
            block, _ = blocks[index]
            if sys.getrefcount(block) == UNUSED:
                _total -= block.size - LINE
                del blocks[index]


def _count_of_an_unused_block() -> int:
    """What sys.getrefcount says in such a loop of a block that only the list holds (it differs between
    versions of Python)."""
    for block, _ in [(np.empty(1, np.uint8), 0)]:
        return sys.getrefcount(block)
    raise AssertionError


UNUSED = _count_of_an_unused_block()
