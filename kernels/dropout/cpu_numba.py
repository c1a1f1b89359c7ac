"""Numba: the twister's draw on one thread, since each word needs those before it; Philox's and the products on all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Plan
from ..layout import memory
from ..reorder.loops import transpose
from . import STATES, Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    size = layout.size(z.shape)
    if z.dtype not in (np.float32, np.float64) or size == 0:
        return None
    N, count = z.shape[0], layout.size(z.keep_shape())
    batch_last = z.order == layout.BATCH_LAST and N not in (1, count)
    lanes = N if z.order == layout.BATCH_LAST else 1
    scale, threshold = z.scale(), z.threshold()
    room = 4 * STATES["twister"][0][0] if z.generator == "twister" else 0  # bytes for words on their way

    def apply(x: Any, keep: Any, y: Any) -> None:
        if z.features:
            loops.apply_planes(memory(x), memory(keep), memory(y), scale, count // lanes, size // count, lanes)
        else:
            loops.apply(memory(x), memory(keep), memory(y), scale)

    def draw(state: Any, keep: Any, scratch: Any) -> None:
        if z.generator == "twister":
            loops.draw_twister(state, scratch[:room].view(np.uint32), keep, threshold)
        else:
            loops.draw_philox(state, keep, threshold)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        y, keep, state = outs
        if batch_last:
            drawn = scratch[room:]
            draw(state, drawn, scratch)
            transpose(drawn, memory(keep), N, count // N)
        else:
            draw(state, memory(keep), scratch)
        apply(ins[0], keep, y)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        apply(ins[0], ins[1], outs[0])

    if z.direction == "backward":
        return Plan("one pass", z.inputs(), z.outputs(), 0, backward)
    return Plan("drawn in logical order", z.inputs(), z.outputs(), room + count * batch_last, forward)
