"""Numba: one pass, an image a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64):
        return None
    # steps in memory from a pixel to its right neighbour and to the next channel
    right, channel = (z.C, 1) if z.channels_last else (1, z.H * z.W)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.assemble(ins[0], ins[1], ins[2], outs[0], z.C, z.H, z.W, z.OH, z.OW, right, channel)

    output = Output((z.N * z.C * z.OH * z.OW,), z.dtype)
    return Plan("an image a task", (layout.PLAIN,) * 3, (output,), 0, run)
