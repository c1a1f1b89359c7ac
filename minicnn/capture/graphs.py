"""A recorded step on the GPU: CUDA graphs, and between them what only the CPU can do.

    the CPU's part                 draws of the host's random numbers, the learning rate, copies to the GPU
    graph.launch()                 every kernel of forward, backward and the optimiser: one launch for all of them

A kernel that takes 5 µs costs the CPU 5 µs to start; a graph of a hundred costs as much as one. The first replay starts
the kernels one by one, which compiles and loads those that the recording did not need; in the second one they are
started in a stream that captures: it notes them down instead of doing them. From then on the graph is launched.

A graph knows addresses, not arrays. So all that it touches has to stay where it is as long as the graph lives:

    arrays of the recording, and the arena (memory.py)   the entries hold them
    scratch memory of the kernels                        one piece for all, since they run one after the other
    what CuPy's functions allocate on the way            comes from a pool that belongs to the graph, so that it is
                                                         given to nobody else when Python forgets it

What an entry asks of the GPU may not go into a graph: numbers that are waited for, tables that are copied from the CPU
(the graph would read them again where they were), cuBLAS through CuPy. CuPy refuses all of these. Each entry is tried
alone; those that fail are done by calling them, between two graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

import numpy as np

from minicnn.backend import array_module, beside
from minicnn.capture.arrays import fill, on_gpu
from minicnn.capture.tape import Entry, Host, KernelCall

REFUSED = (RuntimeError, NotImplementedError)  # how CuPy and CUDA say that something cannot be captured

Call = Callable[[], None]


def by_gpu(entry: Entry) -> bool:
    """Whether an entry has to do with arrays of the GPU alone."""
    arrays = [*entry.reads(), *entry.writes()]
    return not isinstance(entry, Host) and bool(arrays) and all(map(on_gpu, arrays))


class Graphs:
    """The entries of a step on the GPU, ready to be done again and again on the arrays `inputs`."""

    device = "gpu"

    def __init__(self, entries: Sequence[Entry], inputs: Sequence[Any]) -> None:
        self._inputs = list(inputs)
        self._entries = list(entries)
        first = next(array for entry in entries for array in entry.writes() if on_gpu(array))
        module = array_module(first)
        most = max((e.plan.scratch_bytes for e in entries if isinstance(e, KernelCall)), default=0)
        with beside(first):  # a step is done on one GPU
            self._scratch = module.empty(most, np.uint8)
        self._pool = module.cuda.MemoryPool()
        self._cuda = module.cuda
        self._calls = [self._call(entry) for entry in entries]
        self._runs = 0

    def put(self, arrays: Sequence[Any]) -> None:
        """The numbers of the next arguments."""
        for mine, given in zip(self._inputs, arrays, strict=True):
            fill(mine, given)

    def run(self) -> None:
        """Do all entries."""
        with beside(self._scratch):
            if self._runs == 1:
                self._capture()
            self._runs += 1
            for call in self._calls:
                call()

    def _call(self, entry: Entry) -> Call:
        if not isinstance(entry, KernelCall):
            return entry.run
        plan, outs, ins = entry.plan, entry.outs, entry.ins
        scratch = self._scratch[: plan.scratch_bytes]
        return lambda: plan.run(outs, ins, scratch)

    def _capture(self) -> None:
        """Make a graph of each stretch of calls that can be in one."""
        stream = self._cuda.Stream(non_blocking=True)
        fits = [by_gpu(entry) and self._graph(stream, [call]) is not None
                for entry, call in zip(self._entries, self._calls, strict=True)]  # fmt: skip
        found: list[Call] = []
        for together, stretch in groupby(zip(fits, self._calls, strict=True), key=lambda pair: pair[0]):
            calls = [call for _, call in stretch]
            graph = self._graph(stream, calls) if together else None
            found += calls if graph is None else [graph.launch]
        self._calls = found

    def _graph(self, stream: Any, calls: Sequence[Call]) -> Any:
        """The calls as a graph; None where one of them cannot be in a graph."""
        with stream, self._cuda.using_allocator(self._pool.malloc):
            stream.begin_capture()
            try:
                for call in calls:
                    call()
            except REFUSED:
                with suppress(*REFUSED):  # broken off: nothing of it was done
                    stream.end_capture()
                return None
            except BaseException:
                with suppress(*REFUSED):
                    stream.end_capture()
                raise
            try:
                return stream.end_capture()
            except REFUSED:
                return None
