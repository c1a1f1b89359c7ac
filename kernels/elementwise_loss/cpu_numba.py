"""Numba: blocks in parallel, whose losses are added up while they are in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import FUNCTIONS, Sizes, loops

REDUCTIONS = {"none": 0, "sum": 1, "mean": 2}


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or z.size == 0:
        return None
    function, reduction = FUNCTIONS.index(z.function), REDUCTIONS[z.reduction]
    parameters = np.array([z.parameter, 1 / z.size if z.reduction == "mean" else 1], z.dtype)
    room = 8 * loops.LANES * -(-z.size // loops.BLOCK)  # bytes of running sums
    scratch_bytes = room + (0 if z.reduction == "none" else z.size * z.dtype.itemsize)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        sums = scratch[:room].view(np.float64)
        where = outs[0] if z.reduction == "none" else scratch[room:].view(z.dtype)
        loops.forward(*ins, where, sums, outs[0], function, reduction, parameters)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.backward(*ins, outs[0], function, parameters)

    if z.direction == "forward":
        return Plan("blocks", z.inputs(), z.outputs(), scratch_bytes, forward)
    return Plan("blocks", z.inputs(), z.outputs(), 0, backward)
