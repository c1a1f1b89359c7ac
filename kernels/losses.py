"""What the kernels `softmax_cross_entropy` and `nll` have in common: losses of rows, and what they are reduced to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import launch
from .teams import Team

REDUCTIONS = {"none": 0, "sum": 1, "mean": 2}
MOST_PARTS = 1024  # blocks that fill any GPU, and partial sums that one block then adds up


def grid_of(team: Team, rows: int) -> tuple[int, ...]:
    """The blocks for so many rows of losses: one for no row, since the total is to be written."""
    return (max(1, team.blocks(rows, MOST_PARTS)),)


def forward_run(
    start: Callable[[str], launch.Start], grid: tuple[int, ...], reduction: str, *last: Any
) -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """A plan's `run` that starts the kernel `forward` over (ins, outs, parts, last), and `finish` where several blocks
    leave parts of the total (losses.cuh), the last one of `outs`."""
    block, number = (launch.THREADS,), np.int32(REDUCTIONS[reduction])
    forward, finish = start("forward"), start("finish")
    count = np.int32(grid[0])

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        parts = scratch.view(np.float64)
        forward(grid, block, *ins, *outs, parts, *last)
        if count > 1 and number:
            finish((1,), block, parts, count, number, outs[-1])

    return run


def scratch_bytes(grid: tuple[int, ...]) -> int:
    """Two float64 for each block."""
    return 16 * grid[0]
