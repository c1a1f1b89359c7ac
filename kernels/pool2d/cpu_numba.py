"""Numba: rows of windows in parallel; in batch-last order the lanes are the images, in plain order there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import threads
from ..activation.cpu_numba import FUNCTIONS
from ..dispatch import Plan
from ..layout import BATCH_LAST, memory
from . import Sizes, input_loops, loops
from .cpu_numpy import orders, outputs


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.y_shape:
        return None
    planes, lanes = (z.C, z.N) if z.order == BATCH_LAST else (z.N * z.C, 1)
    # windows that lie side by side: every pixel belongs to one, but for those left over on the right and below
    tiled = z.stride == (z.KH, z.KW) and z.padding == (0, 0) and z.dilation == (1, 1)
    function = FUNCTIONS[z.epilogue[0]] if z.epilogue else 0
    geometry = np.array([
        planes, lanes, z.H, z.W, z.KH, z.KW, z.OH, z.OW, *z.stride, *z.padding, *z.dilation, function
    ])  # fmt: skip
    loop = {
        "max": (loops.max_forward, input_loops.max_input, input_loops.max_input_tiled),
        "avg": (loops.avg_forward, input_loops.avg_input, input_loops.avg_input_tiled),
    }[z.kind][0 if z.direction == "forward" else 1 + tiled]

    scale = z.scale() if z.kind == "avg" else None

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        more = () if scale is None else (scale,)
        loop(memory(ins[0]), *more, *map(memory, outs), geometry)

    def run_input(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        second = memory(ins[1]) if scale is None else scale
        activated = ins[-1] if function else ins[0]  # without an activation nobody reads it
        loop(memory(ins[0]), second, memory(activated), memory(outs[0]), scratch.view(z.dtype), geometry)

    algorithm = "lanes of images" if lanes > 1 else "one plane a task"
    if z.direction == "forward":
        return Plan(algorithm, orders(z), outputs(z), 0, run)
    longest = max(z.W * lanes, input_loops.LANES)
    room = threads.most() * (longest + input_loops.LINE) * z.dtype.itemsize if function else 0
    return Plan(algorithm, orders(z), outputs(z), room, run_input)
