"""What kernels load from and store to, and what is wrong about an access.

A GPU stops at a misaligned address and at one that belongs to nobody; it says nothing when a thread reads what was
never written, or what another thread writes at the same time. Here all of these are errors. Memory knows of each of
its cells (as many bytes as the kernel's smallest access) who wrote it last and who read it last, and when: after how
many barriers. Two threads meet in a cell in vain unless both only read, or a barrier of their block lies between.
"""

from __future__ import annotations

import bisect
import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
# Who was there: the number of a thread, -2 - b for several threads of block b, or
NOBODY, EVERYBODY = -1, np.iinfo(np.int64).min  # … of several blocks
VAIN = "and no barrier lies between"


class Fault(RuntimeError):
    """What a GPU stops at, or should; `thread` is the thread's number in the grid."""

    def __init__(self, text: str, thread: int) -> None:
        super().__init__(text)
        self.thread = thread


class Memory:
    """Arrays at addresses, (first, behind the last) of each, once for each owner: shared memory for each block, local
    memory for each thread; the GPU's own memory once for all, and there the addresses are those of the host."""

    def __init__(self, arrays: Sequence[tuple[int, int]], cell: int, threads: int, owners: int | None = None) -> None:
        self.arrays = _apart(arrays)
        self.starts = [start for start, _ in self.arrays]
        self.cell, self.threads = cell, threads  # bytes of a cell; threads of a block
        self.first_cells, cells = [], 0
        for start, stop in self.arrays:
            self.first_cells.append(cells - start // cell)
            cells += stop // cell - start // cell + 1
        self.cells, self.low = cells, self.starts[0] // 16 * 16 if self.arrays else 0
        self.size = -(-(self.arrays[-1][1] - self.low) // 16) * 16 if self.arrays else 0
        self.own = owners is not None  # this memory, not the host's
        count = owners or 1
        self.writer, self.written, self.reader, self.read = (np.zeros(cells * count, np.int64) for _ in range(4))
        if self.own or not self.size:
            self.bytes = np.zeros(self.size * count, np.uint8)
        else:
            self.bytes = np.frombuffer((ctypes.c_uint8 * self.size).from_address(self.low), np.uint8)
        self.forget()

    def forget(self) -> None:
        """Other blocks begin."""
        self.writer.fill(NOBODY)
        self.reader.fill(NOBODY)

    def places(self, address: Array, width: int, me: Array, owner: Array) -> tuple[Array, Array]:
        """(offset in `bytes`, number of the first cell) of accesses to `width` bytes by the threads `me`."""
        crooked = address & (width - 1)
        if crooked.any():
            worst = int(np.flatnonzero(crooked)[0])
            raise Fault(f"{width} bytes at {address[worst]:#x}, no multiple of {width}", int(me[worst]))
        first = bisect.bisect_right(self.starts, int(address.min())) - 1
        if first >= 0 and int(address.max()) + width <= self.arrays[first][1]:  # one array: the usual case
            cell = address // self.cell + self.first_cells[first]
        else:
            number = np.searchsorted(self.starts, address, "right") - 1
            stops = np.array([stop for _, stop in self.arrays] or [0])
            outside = (number < 0) | (address + width > stops[number])
            if outside.any():
                worst = int(np.flatnonzero(outside)[0])
                raise Fault(f"{width} bytes {self._where(int(address[worst]))}", int(me[worst]))
            cell = address // self.cell + np.array(self.first_cells)[number]
        if self.own:
            return address - self.low + owner * self.size, cell + owner * self.cells
        return address - self.low, cell

    def _where(self, address: int) -> str:
        if not self.arrays:
            return f"at {address:#x}, and there is no memory of this kind"
        start, stop = min(self.arrays, key=lambda array: max(array[0] - address, address - array[1]))  # the nearest
        how = f"{start - address} bytes before" if address < start else f"{address - start} bytes into"
        return f"at {address:#x}, outside every array: {how} one of {stop - start} bytes"

    # --- who was there ------------------------------------------------------------------------------

    def note_reads(self, cells: Array, me: Array, now: Array) -> None:
        """The threads `me` read these cells, each at its time `now`."""
        writer = self.writer[cells]
        if self.own and (nobody := writer == NOBODY).any():
            raise Fault("it reads memory that nobody has written", int(me[nobody][0]))
        self._meet(writer, self.written[cells], me, now, f"reads what {{}} has written, {VAIN}")
        reader = self.reader[cells]
        earlier = (self._block(reader) == self._block(me)) & (self.read[cells] < now)
        alone = (reader == me) | (reader == NOBODY) | earlier
        noted = np.where(alone, me, self._crowd(reader, me))
        self.reader[cells], self.read[cells] = noted, now
        others = self.reader[cells]  # in this very instruction
        lost = others != noted
        if lost.any():
            self.reader[cells[lost]] = self._crowd(others, me)[lost]

    def note_writes(self, cells: Array, me: Array, now: Array) -> None:
        """The threads `me` write these cells, each at its time `now`."""
        self._meet(self.writer[cells], self.written[cells], me, now, f"writes what {{}} has written, {VAIN}")
        self._meet(self.reader[cells], self.read[cells], me, now, f"writes what {{}} has read, {VAIN}")
        self.writer[cells], self.written[cells] = me, now
        self._meet(self.writer[cells], now, me, now, "writes what {} writes, too")

    def note_additions(self, cells: Array, me: Array, now: Array) -> None:
        """The threads `me` add to these cells by atomic instructions, which do not disturb each other."""
        writer = self.writer[cells]
        if self.own and (nobody := writer == NOBODY).any():
            raise Fault("it adds to memory that nobody has written", int(me[nobody][0]))
        others = np.where(writer == EVERYBODY, NOBODY, writer)
        self._meet(others, self.written[cells], me, now, f"adds to what {{}} has written, {VAIN}")
        self._meet(self.reader[cells], self.read[cells], me, now, f"adds to what {{}} has read, {VAIN}")
        self.writer[cells], self.written[cells] = EVERYBODY, now

    def _block(self, thread: Array) -> Any:
        if self.own:  # nobody comes from elsewhere
            return 0
        return np.where(thread >= 0, thread // self.threads, -2 - thread)

    def _crowd(self, one: Array, other: Array) -> Array:
        block = self._block(one)
        return np.broadcast_to(np.where(block == self._block(other), -2 - block, EVERYBODY), other.shape)

    def _meet(self, thread: Array, then: Array, me: Array, now: Array, text: str) -> None:
        """An error where another thread was there, and no barrier lies between."""
        foreign = (thread != me) & (thread != NOBODY)
        if not foreign.any():
            return
        vain = foreign & ((then == now) | (self._block(thread) != self._block(me)))
        if vain.any():
            worst = int(np.flatnonzero(vain)[0])
            who = f"thread {thread[worst]} of the grid" if thread[worst] >= 0 else "another thread"
            raise Fault(f"a race: it {text.format(who)}", int(me[worst]))


def _apart(arrays: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, and those that overlap (views of the same memory) as one."""
    result: list[tuple[int, int]] = []
    for start, stop in sorted(arrays):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        elif stop > start:
            result.append((start, stop))
    return result
