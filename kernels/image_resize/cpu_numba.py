"""Numba: an image a task, both passes, so that what lies between them stays in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes, loops, weights


def plan(z: Sizes) -> Plan | None:
    """Every case."""
    right, channel = (z.C, 1) if z.channels_last else (1, z.H * z.W)  # steps in memory
    first_column, across = weights(z.W, z.OW)
    first_row, down = weights(z.H, z.OH)
    across, down = across.astype(np.int32), down.astype(np.int32)
    columns, rows = across.shape[1], down.shape[1]
    across, down = np.ascontiguousarray(across.T).reshape(-1), down.reshape(-1)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.resize(
            ins[0], ins[1], first_column, across, columns, first_row, down, rows,
            scratch, outs[0], z.C, z.H, z.W, z.OH, z.OW, right, channel,
        )  # fmt: skip

    output = Output((z.N * z.C * z.OH * z.OW,), np.dtype(np.uint8))
    return Plan("an image a task", (layout.PLAIN,) * 2, (output,), z.N * z.H * z.OW, run)
