"""Numba-CUDA: the kernel of segment_sum.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

from typing import Any

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import TYPES, plan_with


def plan(z: Sizes) -> Plan | None:
    """float32, float64 and int64; others have a wider type to be added in."""
    return plan_with(_start, z) if z.dtype.name in TYPES else None


def _start(work: int, values: Any, order: Any, starts: Any, table: Any, *numbers: Any) -> None:
    segment_sum(work, values.reshape(-1), order, starts, table.reshape(-1), tuple(map(int, numbers)))


@launch.numba_kernel
def segment_sum(values, order, starts, table, lengths):
    """for each number (row, column) of the table, one thread: the same column of the rows that belong to it, added"""
    numbers, width = lengths
    for i in range(cuda.grid(1), numbers, cuda.gridsize(1)):
        row, column = i // width, i % width
        total = table[i]
        for k in range(starts[row], starts[row + 1]):
            total += values[order[k] * width + column]
        table[i] = total
