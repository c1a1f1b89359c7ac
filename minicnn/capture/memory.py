"""The memory of a recorded step: activations and gradients in one arena, where what is done with makes room.

An array is alive from the entry that fills it to the last one that reads it. Arrays that are never alive together may
lie in the same place; a smaller step stays nearer to the processor, and costs less memory. What somebody else holds
(arguments, results, parameters and their gradients, what a Python function fills) stays where it is. On the GPU the
entries are done one after the other as well, so the same holds there; each device has an arena of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from minicnn.backend import address, array_module, owner_of
from minicnn.capture.arrays import memory_id
from minicnn.capture.tape import Copy, Entry, KernelCall
from minicnn.kernels import dispatch

LINE, GPU_LINE = 64, 256  # bytes: every array begins at a cache line; on GPUs where fresh memory might begin


def packed(entries: Sequence[Entry], fixed: set[int]) -> list[Entry]:
    """The entries on arrays of one arena; memory in `fixed` (ids of the arrays that own it) is not moved."""
    lives = _lives(entries, fixed)
    places: dict[int, tuple[Arena, int]] = {}  # memory -> its arena, where in it
    for module in {life.module for life in lives.values()}:
        offsets, size = _places({memory: life for memory, life in lives.items() if life.module is module})
        arena = Arena(module, size)
        places |= {memory: (arena, offset) for memory, offset in offsets.items()}

    def moved(array: Any) -> Any:
        memory = owner_of(array)
        if id(memory) not in places:
            return array
        arena, offset = places[id(memory)]
        return arena.at(offset + address(array) - address(memory), array)

    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, KernelCall) and any(memory_id(a) in places for a in (*entry.ins, *entry.outs)):
            found.append(KernelCall(entry.plan, list(map(moved, entry.outs)), list(map(moved, entry.ins))))
        elif _is_copy(entry):
            found.append(type(entry)(moved(entry.target), moved(entry.source)))
        else:
            found.append(entry)
    return found


def _is_copy(entry: Entry) -> TypeGuard[Copy]:
    """Whether it copies an array (not a number)."""
    return isinstance(entry, Copy) and len(entry.reads()) > 0


class Arena:
    """Memory for many arrays, NumPy's or CuPy's; it lasts as long as one of them."""

    def __init__(self, module: Any, size: int) -> None:
        self.module, self.is_numpy = module, module is np
        self.memory: Any = dispatch.aligned(size) if self.is_numpy else module.empty(size, np.uint8)

    def at(self, offset: int, like: Any) -> Any:
        """An array like `like` that begins at this byte."""
        if self.is_numpy:
            return np.ndarray(like.shape, like.dtype, self.memory, offset, like.strides)
        return self.module.ndarray(like.shape, like.dtype, self.memory.data + offset, like.strides)


class _Life:
    """The entries between which an array must last."""

    def __init__(self, memory: Any, start: int) -> None:
        self.module = array_module(memory)
        line = LINE if self.module is np else GPU_LINE
        self.size, self.start, self.end = -(-memory.nbytes // line) * line, start, start


def _lives(entries: Sequence[Entry], fixed: set[int]) -> dict[int, _Life]:
    """The life of each memory that kernels and copies alone touch, and that they fill before they read it."""
    lives: dict[int, _Life] = {}
    stays = set(fixed)
    for index, entry in enumerate(entries):
        movable = isinstance(entry, KernelCall) or _is_copy(entry)
        for array in entry.reads():
            memory = memory_id(array)
            if memory in lives:
                lives[memory].end = index
            if not movable or memory not in lives:
                stays.add(memory)
        for array in entry.writes():
            memory = owner_of(array)
            lives.setdefault(id(memory), _Life(memory, index)).end = index
            if not movable:
                stays.add(id(memory))
    return {memory: life for memory, life in lives.items() if memory not in stays}


def _places(lives: dict[int, _Life]) -> tuple[dict[int, int], int]:
    """Where each memory lies, and how long the arena is: the largest first, each at the lowest place where it meets
    none that is alive with it."""
    placed: list[tuple[_Life, int]] = []
    places: dict[int, int] = {}
    for memory, life in sorted(lives.items(), key=lambda item: (-item[1].size, item[1].start)):
        at = 0
        for other, begin in sorted(placed, key=lambda item: item[1]):
            together = other.start <= life.end and life.start <= other.end
            if together and begin < at + life.size and at < begin + other.size:
                at = begin + other.size
        placed.append((life, at))
        places[memory] = at
    return places, max((at + life.size for life, at in placed), default=0)
