"""PTX, executed on the CPU: what NVRTC and Numba really make of our kernels, on a machine without a GPU.

    library = compiled(text of a .cu file, options)
    library.launch("im2col_4", grid=(4,), block=(256,), args=(x, columns, geometry))

cuda_shim.h runs the same source as C++, and so cannot run what only a GPU's compiler gets to see (the tensor cores'
instruction, inline assembly), and does not notice what a CPU forgives. Here the compiler's output runs, instruction
by instruction (machine.py), on arrays that hold a number for each thread (arithmetic.py), and every access to memory
is looked at (memory.py).
"""

from __future__ import annotations

import collections
import functools
import math
import os
import random
from collections.abc import Callable, Sequence
from typing import Any

from . import nvrtc
from .machine import Machine
from .parse import Module

TOGETHER = 2048  # threads that a machine takes at once, in whole blocks

launches: set[str] = set()  # the kernels that ran
executed: collections.Counter[str] = collections.Counter()  # instructions, over all launches


class Library:
    """The kernels of one file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.names = tuple(module.functions)
        self._machines: dict[tuple[str, tuple[int, ...], int], Machine] = {}

    def launch(
        self, name: str, grid: Sequence[int], block: Sequence[int], args: Sequence[Any],
        also: Callable[[], Sequence[Any]] = list,
    ) -> None:  # fmt: skip
        """Run a kernel; RuntimeError for what a GPU stops at, or should. It may reach the arrays that `also` finds.
        MINICNN_SHIM_ORDER puts blocks in order."""
        blocks = max(1, min(math.prod(grid), TOGETHER // max(1, math.prod(block))))
        key = (name, tuple(block), blocks)
        if key not in self._machines:
            if len(self._machines) == 8:  # registers are large
                self._machines.clear()
            self._machines[key] = Machine(self.module.functions[name](), self.module.variables, block, blocks)
        machine = self._machines[key]
        wanted = os.environ.get("MINICNN_SHIM_ORDER") or "forwards"
        order = {"forwards": list, "backwards": list.reverse}.get(wanted) or random.Random(wanted).shuffle
        before = list(machine.hits)
        machine.run(grid, args, order, also())
        for it, now, then in zip(machine.function.instructions, machine.hits, before, strict=True):
            executed[it.name] += now - then
        launches.add(name)


@functools.lru_cache(maxsize=256)
def compiled(text: str, options: tuple[str, ...]) -> Library:
    """The library of a .cu file's text."""
    return Library(nvrtc.compiled(text, options))
