"""Numba: blocks of rows in parallel."""

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
    row, column = (1, z.N) if z.order == layout.BATCH_LAST else (z.classes, 1)
    geometry = np.array([z.N, z.classes, row, column, z.ignore_index, REDUCTIONS[z.reduction]])
    shares = np.array([1 - z.smoothing, z.smoothing / z.classes], z.dtype)
    ones = np.ones(z.classes, z.dtype)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.forward(memory(ins[0]), ins[1], ins[2] if z.weighted else ones, *outs, shares, geometry)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.backward(*ins[:3], ins[3] if z.weighted else ones, memory(outs[0]), shares, geometry)

    run = forward if z.direction == "forward" else backward
    return Plan("a block of rows a task", z.inputs(), z.outputs(), 0, run)
