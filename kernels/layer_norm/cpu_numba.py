"""Numba: blocks of rows in parallel; sums over rows are first made by each block, then from block to block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes, loops

BLOCKS = 32  # of rows, at most: enough for all threads, and few sums to add up in the end


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in (z.rows, z.row):
        return None
    rows = -(-z.rows // BLOCKS)  # of a block
    geometry = np.array([z.rows, z.channels, z.pixels, z.period, rows])
    has_weight, has_bias = "weight" in z.affine, "bias" in z.affine
    summed = bool(z.affine)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight = ins[1] if has_weight else None
        loops.forward(ins[0], weight, ins[-1] if has_bias else None, *outs, z.eps, geometry)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight = ins[4] if has_weight else None
        dweight, dbias = outs[1:] if summed else (ins[2], ins[3])  # not written
        room = scratch.view(z.dtype)
        loops.backward(*ins[:4], weight, outs[0], dweight, dbias, room, summed, geometry)

    if z.direction == "forward":
        return Plan("a row a task", z.inputs(), z.outputs(), 0, forward)
    room = (2 * z.weights * summed + z.row) * -(-z.rows // rows) * z.dtype.itemsize
    return Plan("a block of rows a task", z.inputs(), z.outputs(), room, backward)
