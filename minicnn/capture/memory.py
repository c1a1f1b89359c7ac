"""The memory of a recorded step: activations and gradients in one arena, where what is done with makes room.

An array is alive from the entry that fills it to the last one that reads it. Arrays that are never alive together may
lie in the same place; a smaller step stays nearer to the processor, and costs less memory. What somebody else holds
(arguments, results, parameters and their gradients, what a Python function fills) stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from minicnn.capture.tape import Copy, Entry, KernelCall, address, root
from minicnn.kernels import dispatch

LINE = 64  # bytes of a cache line: every array begins at one


def packed(entries: Sequence[Entry], fixed: set[int]) -> list[Entry]:
    """The entries on arrays of one arena; memory in `fixed` (ids of the arrays that own it) is not moved."""
    lives = _lives(entries, fixed)
    places, size = _places(lives)
    arena = dispatch.aligned(size)

    def moved(array: Any) -> Any:
        memory = root(array)
        if id(memory) not in places:
            return array
        offset = places[id(memory)] + address(array) - address(memory)
        return np.ndarray(array.shape, array.dtype, arena, offset, array.strides)

    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, KernelCall) and any(id(root(a)) in places for a in (*entry.ins, *entry.outs)):
            found.append(KernelCall(entry.plan, list(map(moved, entry.outs)), list(map(moved, entry.ins))))
        elif _is_copy(entry):
            found.append(type(entry)(moved(entry.target), moved(entry.source)))
        else:
            found.append(entry)
    return found


def _is_copy(entry: Entry) -> TypeGuard[Copy]:
    """Whether it copies an array (not a number)."""
    return isinstance(entry, Copy) and len(entry.reads()) > 0


class _Life:
    """The entries between which an array must last."""

    def __init__(self, size: int, start: int) -> None:
        self.size, self.start, self.end = -(-size // LINE) * LINE, start, start


def _lives(entries: Sequence[Entry], fixed: set[int]) -> dict[int, _Life]:
    """The life of each memory that kernels and copies alone touch, and that they fill before they read it."""
    lives: dict[int, _Life] = {}
    stays = set(fixed)
    for index, entry in enumerate(entries):
        movable = isinstance(entry, KernelCall) or _is_copy(entry)
        for array in entry.reads():
            memory = id(root(array))
            if memory in lives:
                lives[memory].end = index
            if not movable or memory not in lives:
                stays.add(memory)
        for array in entry.writes():
            memory = root(array)
            lives.setdefault(id(memory), _Life(memory.nbytes, index)).end = index
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
