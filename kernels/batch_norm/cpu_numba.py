"""Numba: a channel a task, gone through once for each of its sums and once for the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Plan
from ..layout import memory
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.shape:
        return None
    N, C, pixels = z.shape[0], z.shape[1], layout.size(z.shape[2:])
    # the numbers of a channel are `pieces` runs of `run`, `step` apart; those of the next channel begin `run` further
    pieces, run = (1, N * pixels) if z.order == layout.BATCH_LAST else (N, pixels)
    geometry = np.array([C, pieces, run, C * run])
    momentum = np.inf if z.momentum is None else float(z.momentum)  # inf: nothing to write
    has_weight, has_bias = "weight" in z.affine, "bias" in z.affine
    uncounted = np.zeros(1, np.int64)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight = ins[1] if has_weight else None
        bias = ins[len(z.affine)] if has_bias else None
        y, mean, r = outs[:3]
        if not z.from_batch:
            loops.forward_running(memory(ins[0]), weight, bias, ins[-2], ins[-1], memory(y), mean, r, z.eps, geometry)
            return
        running = outs[3:5] if z.momentum is not None else (mean, r)  # the latter are not read
        count = outs[5] if z.counted else uncounted
        loops.forward_batch(
            memory(ins[0]), weight, bias, memory(y), mean, r, *running, count, z.counted, momentum, z.eps, geometry
        )

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight = ins[4] if has_weight else None
        dx, dweight, dbias = outs
        g, x, mean, r = ins[:4]
        loops.backward(memory(g), memory(x), mean, r, weight, memory(dx), dweight, dbias, z.from_batch, geometry)

    run_plan = forward if z.direction == "forward" else backward
    return Plan("a channel a task", z.inputs(), z.outputs(), 0, run_plan)
