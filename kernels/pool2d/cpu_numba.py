"""Numba: planes in parallel; in batch-last order the lanes are the images, in plain order there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from ..layout import BATCH_LAST, memory
from . import Sizes, loops
from .cpu_numpy import orders, outputs


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.y_shape:
        return None
    planes, lanes = (z.C, z.N) if z.order == BATCH_LAST else (z.N * z.C, 1)
    geometry = np.array([planes, lanes, z.H, z.W, z.KH, z.KW, z.OH, z.OW, *z.stride, *z.padding, *z.dilation])
    loop = {
        ("max", "forward"): loops.max_forward, ("max", "input"): loops.max_input,
        ("avg", "forward"): loops.avg_forward, ("avg", "input"): loops.avg_input,
    }[z.kind, z.direction]  # fmt: skip

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loop(*map(memory, ins), *map(memory, outs), geometry)

    return Plan("lanes of images" if lanes > 1 else "one plane a task", orders(z), outputs(z), 0, run)
