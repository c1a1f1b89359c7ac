"""Numba: blocks of rows in parallel, whose scores stay in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Plan
from ..layout import memory
from ..losses import REDUCTIONS
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in (z.N, z.classes):
        return None
    batch_last = z.order == layout.BATCH_LAST
    row, column = (1, z.N) if batch_last else (z.classes, 1)
    geometry = np.array([z.N, z.classes, row, column, z.ignore_index, REDUCTIONS[z.reduction]])
    loop = loops.forward_lanes if batch_last else loops.forward_rows

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loop(memory(ins[0]), ins[1], outs[0], memory(outs[1]), outs[2], scratch.view(z.dtype), geometry)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.backward(memory(ins[0]), ins[1], ins[2], ins[3], memory(outs[0]), geometry)

    if z.direction == "input":
        return Plan("a block of rows a task", z.inputs(), z.outputs(), 0, backward)
    return Plan("a block of rows a task", z.inputs(), z.outputs(), z.N * z.dtype.itemsize, forward)
