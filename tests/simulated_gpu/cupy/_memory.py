"""The GPU's memory: host memory that is counted, and holds NaN where nothing was written, and after it was freed."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

import numpy as np

ALIGNMENT = 512  # bytes, as CuPy's pool
_lock = threading.RLock()
_live: weakref.WeakSet[Memory] = weakref.WeakSet()


class Memory:
    """A piece of memory. It is counted as used until Python drops it."""

    def __init__(self, pool: Any, line: np.ndarray) -> None:
        self.line = line  # its bytes
        self.pool = pool
        self.size = -(-line.nbytes // ALIGNMENT) * ALIGNMENT
        self.ptr = line.ctypes.data
        self.device_id = pool.device_id
        pool.taken(self.size)
        _live.add(self)

    def __del__(self, finalizing: Any = sys.is_finalizing) -> None:
        if finalizing():  # what is needed below, and `sys`, may be gone
            return
        if self.line.flags.writeable:  # a graph that still uses it finds NaN there
            self.line.fill(0xFF)
        self.pool.given_back(self.size)


def lines_at(addresses: list[int]) -> list[np.ndarray]:
    """The pieces of memory, whole, that these addresses lie in."""
    live = list(_live) if addresses else []
    return [m.line for m in live if any(0 <= address - m.ptr < m.line.nbytes for address in addresses)]


class MemoryPointer:
    """A place in a piece of memory."""

    def __init__(self, mem: Memory, offset: int) -> None:
        self.mem = mem
        self.offset = offset
        self.ptr = mem.ptr + offset
        self.device_id = mem.device_id

    def __add__(self, offset: int) -> MemoryPointer:
        return MemoryPointer(self.mem, self.offset + offset)

    def __int__(self) -> int:
        return self.ptr

    def memset_async(self, value: int, size: int, stream: Any = None) -> None:
        from ._streams import enqueue

        enqueue(lambda: self.mem.line[self.offset : self.offset + size].fill(value))

    memset = memset_async


class MemoryPool:
    """Bytes in use, and bytes that were given back and are kept."""

    def __init__(self, device_id: int = 0) -> None:
        self.device_id = device_id
        self._used = self._free = self._limit = 0

    def taken(self, size: int) -> None:
        with _lock:
            self._used += size
            self._free = max(self._free - size, 0)

    def given_back(self, size: int) -> None:
        with _lock:
            self._used -= size
            self._free += size

    def malloc(self, size: int) -> MemoryPointer:
        if self._limit and self._used + size > self._limit:
            raise OutOfMemoryError(f"Out of memory allocating {size:,} bytes (limit set to: {self._limit:,} bytes).")
        raw = np.full(size + ALIGNMENT, 0xFF, np.uint8)  # NaN, for every type of floating-point number
        start = -raw.ctypes.data % ALIGNMENT
        return MemoryPointer(Memory(self, raw[start : start + size]), 0)

    def used_bytes(self) -> int:
        return self._used

    def free_bytes(self) -> int:
        return self._free

    def total_bytes(self) -> int:
        return self._used + self._free

    def n_free_blocks(self) -> int:
        return int(self._free > 0)

    def free_all_blocks(self, stream: Any = None) -> None:
        self._free = 0

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        self._limit = size or 0

    def get_limit(self) -> int:
        return self._limit


class OutOfMemoryError(MemoryError):
    """There is no memory left on the device."""


class PinnedMemoryPointer(bytearray):
    """Page-locked memory of the host: an object with the buffer protocol, as CuPy's."""

    @property
    def ptr(self) -> int:
        return np.frombuffer(self, np.uint8).ctypes.data

    def size(self) -> int:
        return len(self)


def is_pinned(array: Any) -> bool:
    """Whether a NumPy array lies in page-locked memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(getattr(array, "obj", array), PinnedMemoryPointer)


def alloc_pinned_memory(size: int) -> Any:
    """Page-locked memory."""
    return PinnedMemoryPointer(max(size, 1))


def default_pool(device_id: int) -> MemoryPool:
    """The pool of a device."""
    return _pools.setdefault(device_id, MemoryPool(device_id))


def allocating(device_id: int) -> MemoryPool:
    """The pool that memory comes from now: that of the device, but within `using_allocator`."""
    from ._streams import here

    return default_pool(device_id) if here.pool is None else here.pool


_pools: dict[int, MemoryPool] = {}
