"""A recorded step on the CPU: the compiled loops of its kernels in a row, with nothing of Python between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn.backend import owner_of
from minicnn.capture.arrays import fill, memory_id
from minicnn.capture.tape import Entry, KernelCall
from minicnn.kernels import dispatch, threads

WORTH = 1 << 14  # bytes of an argument below which a copy costs less

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Calls:
    """The entries of a step on the CPU, ready to be done again and again on the arrays `inputs`; what is in those of
    `lasting` (ids of the arrays that own the memory) is wanted by somebody else."""

    device = "cpu"

    def __init__(self, entries: Sequence[Entry], inputs: Sequence[Any], lasting: set[int]) -> None:
        self._inputs = list(inputs)
        self._calls = bound(entries)
        self.places = [
            None if memory_id(mine) in lasting else places_of(mine, entries, self._calls) for mine in self._inputs
        ]

    def put(self, arrays: Sequence[Any]) -> None:
        """The numbers of the next arguments: copied, or read where they are."""
        for mine, given, places in zip(self._inputs, arrays, self.places, strict=True):
            flags = given.flags
            if places is None or not (flags.c_contiguous and flags.aligned and flags.writeable):
                fill(mine, given)
                given = mine
            if places is not None:
                self._read(given.reshape(-1), places)

    def _read(self, flat: Any, places: Sequence[tuple[int, int]]) -> None:
        """Let the calls read an argument from `flat`."""
        for number, place in places:
            function, args = self._calls[number]
            self._calls[number] = (function, (*args[:place], flat, *args[place + 1 :]))

    def run(self) -> None:
        """Do all entries."""
        threads.enter()
        with np.errstate(all="ignore"):
            for function, args in self._calls:
                function(*args)


def places_of(array: Any, entries: Sequence[Entry], calls: Sequence[Call]) -> list[tuple[int, int]] | None:
    """Where the calls take the whole argument `array`, (call, position), so that they can be handed the next one's
    memory; None where it is copied: small, written to, or also read in another way."""
    memory = owner_of(array)
    if array.nbytes < WORTH or not array.flags.c_contiguous or array.size != memory.size:
        return None
    if any(owner_of(a) is memory for entry in entries for a in entry.writes()):
        return None
    found = [
        (number, place)
        for number, (_, args) in enumerate(calls)
        for place, arg in enumerate(args)
        if getattr(arg, "ndim", 0) == 1 and arg.size == array.size and owner_of(arg) is memory
    ]
    reads = sum(owner_of(a) is memory for entry in entries for a in entry.reads())
    return found if len(found) == reads else None


def bound(entries: Sequence[Entry]) -> list[Call]:
    """The calls that the entries come to."""
    size = max((e.plan.scratch_bytes for e in entries if isinstance(e, KernelCall)), default=0)
    scratch = dispatch.aligned(size)
    found: list[Call] = []
    for entry in entries:
        if isinstance(entry, KernelCall):
            found += dispatch.calls(entry.plan, entry.outs, entry.ins, scratch[: entry.plan.scratch_bytes])
        else:
            found.append((entry.run, ()))
    return found
