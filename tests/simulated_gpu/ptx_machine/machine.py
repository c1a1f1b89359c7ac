"""A machine that executes PTX: a register is a NumPy array, with a number for each thread of some blocks.

Threads run together: of those that neither have ended nor wait, the ones at the smallest instruction, until they come
to others or part at a branch. So threads that parted meet again where their ways do. At bar.sync a thread waits for
its block, at shfl.sync and mma.sync for the lanes of its warp that the mask names; where some never come, that is an
error. A register that was never written may be copied, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arithmetic import Array
from .instructions import Instructions
from .memory import Fault
from .operands import AT_WARP, ENDED, RUNS, WARP, Group
from .parse import Function, Variable
from .variables import Variables

MOST_THREADS, MOST_GRID = 1024, (2**31 - 1, 65535, 65535)


class Machine(Instructions):
    """One function, for blocks of one shape, so many of them at a time; `run` starts it over a grid."""

    def __init__(self, function: Function, of_module: Sequence[Variable], block: Sequence[int], blocks: int) -> None:
        self.function = function
        self.block = (*block, *(1,) * (3 - len(block)))
        self.threads = int(np.prod(self.block))
        if not 0 < self.threads <= (function.most_threads or MOST_THREADS):
            raise RuntimeError(f"{function.name}: a block of {tuple(block)} threads, more than it was compiled for")
        self.variables = Variables(function, of_module)
        self.symbols = self.variables.symbols
        self.blocks = blocks
        self.count = self.blocks * self.threads
        self.local = np.arange(self.count)
        self.in_block, self.which_block = self.local % self.threads, self.local // self.threads
        self.lane = self.in_block % WARP
        self.warp = self.which_block * -(-self.threads // WARP) + self.in_block // WARP
        self.registers = {}
        self.hits = [0] * len(function.instructions)  # how often each instruction was executed
        self.code: list[Any] = [None] * len(function.instructions)  # bound at their first execution

    def run(self, grid: Sequence[int], args: Sequence[Any], order: Any = list, also: Sequence[Array] = ()) -> None:
        """Start it. Arguments are arrays (of the GPU: a pointer is passed), NumPy scalars and one-element structured
        arrays by value; `order` puts the blocks' numbers in order; kernels may access the arrays in `also`, too."""
        self.grid = (*grid, *(1,) * (3 - len(grid)))
        if not all(0 < n <= most for n, most in zip(self.grid, MOST_GRID, strict=True)):
            raise RuntimeError(f"a grid of {tuple(grid)}: CUDA takes 1 to {MOST_GRID} in each direction")
        self.memory = self.variables.memory([*self.variables.take(args), *also], self.threads, self.blocks)
        numbers = list(range(int(np.prod(self.grid))))
        order(numbers)
        with np.errstate(all="ignore"):
            for first in range(0, len(numbers), self.blocks):
                self._run_blocks(np.array(numbers[first : first + self.blocks]))

    def _run_blocks(self, blocks: Array) -> None:
        for register in self.registers.values():
            register.forget()
        for space in ("shared", "local"):
            self.memory[space].forget()
        missing = self.blocks - len(blocks)
        self.block_numbers = np.concatenate([blocks, np.zeros(missing, int)])[self.which_block]
        self.me = self.block_numbers * self.threads + self.in_block
        self.everyone = Group(slice(None), self.local, self.me)
        self.barriers = np.zeros(self.count, np.int64)  # that a thread has passed
        self.at = np.zeros(self.count, np.int64)
        self.state = np.where(self.which_block < len(blocks), RUNS, ENDED)
        try:
            while True:
                running = np.flatnonzero(self.state == RUNS)
                if running.size:
                    at = self.at[running]
                    first = at.min()
                    here = at == first
                    self.until = len(self.code) if here.all() else int(at[~here].min())
                    self._go(self._group(running[here]), int(first))
                elif not self._open_barriers():
                    return
        except (Fault, ArithmeticError) as error:
            raise self._explained(error) from error

    def _group(self, local: Array) -> Group:
        return self.everyone if len(local) == self.count else Group(local, local, self.me[local])

    def _go(self, group: Group, at: int) -> None:
        """The group executes from `at` on, until it comes to other threads, parts, or waits."""
        while at < self.until:
            self.here = at
            self.hits[at] += 1
            execute = self.code[at]
            if execute is None:
                execute = self.code[at] = self._bound(self.function.instructions[at])
            to = execute(group)
            if to is None:
                at += 1
            elif to < 0:  # it has parted, ended, or waits
                return
            else:
                at = to
        self.at[group.index] = at

    def _explained(self, error: Exception) -> RuntimeError:
        it = self.function.instructions[self.here]
        where = f"{self.function.name}, PTX line {it.line}: {it.text}"
        if not isinstance(error, Fault):
            return RuntimeError(f"{where}: {error}")
        block, thread = divmod(error.thread, self.threads)
        return RuntimeError(
            f"{where}: block {_coordinates(block, self.grid)}, thread {_coordinates(thread, self.block)}: {error}"
        )

    # --- waiting ------------------------------------------------------------------------------------

    def _open_barriers(self) -> bool:
        """Nobody runs: let the blocks go on that wait, all of them, at a barrier. False where all have ended."""
        waiting = self.state != ENDED
        if not waiting.any():
            return False
        if (stuck := self.state == AT_WARP).any():
            lost = int(np.flatnonzero(stuck)[0])
            self.here = int(self.at[lost])
            same = (self.warp == self.warp[lost]) & (self.state == AT_WARP) & (self.at == self.here)
            absent = sorted({*range(WARP)} - set(self.lane[same].tolist()))
            raise Fault(f"it waits for lanes of its warp that never come: {absent}", int(self.me[lost]))
        for block in np.unique(self.which_block[waiting]):
            mine = self.which_block == block
            there = int(np.flatnonzero(mine & waiting)[0])
            self.here = int(self.at[there])
            if not (mine & waiting)[mine].all():
                absent_one = int(np.flatnonzero(mine & ~waiting)[0])
                who = _coordinates(self.in_block[absent_one], self.block)
                raise Fault(f"it waits at a barrier, but thread {who} has ended", int(self.me[there]))
            first = np.flatnonzero(mine)[self.lane[mine] == 0]
            if (self.at[mine] != self.at[first][self.in_block[mine] // WARP]).any():
                raise Fault("threads of its warp wait at another barrier", int(self.me[there]))
        self.barriers[waiting] += 1
        self.at[waiting] += 1
        self.state[waiting] = RUNS
        return True


def _coordinates(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(number, shape[::-1]))[::-1]
