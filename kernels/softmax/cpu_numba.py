"""Numba: blocks of rows in parallel; where the classes of a row lie apart, its neighbours are the lanes of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or not z.size:
        return None
    if z.inner == 1:
        forward_loop, backward_loop = loops.forward_rows, loops.backward_rows
        width = max(1, min(loops.ROWS, loops.NUMBERS // z.classes))
        room, name = z.outer, "rows"
    else:
        forward_loop, backward_loop = loops.forward_lanes, loops.backward_lanes
        width = z.inner
        room, name = 2 * loops.ROWS * z.outer * -(-z.inner // loops.ROWS), "lanes"
    geometry = np.array([z.outer, z.classes, width, z.log])

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        forward_loop(ins[0], outs[0], scratch.view(z.dtype), geometry)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        backward_loop(*ins, outs[0], scratch.view(z.dtype), geometry)

    run = forward if z.direction == "forward" else backward
    return Plan(f"a block of {name} a task", z.inputs(), z.outputs(), room * z.dtype.itemsize, run)
