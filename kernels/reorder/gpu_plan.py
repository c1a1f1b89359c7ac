"""What the plans of both GPU backends have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes

SIDE = 32  # of a tile


def plan(z: Sizes, function: Any) -> Plan | None:
    """Numbers of 1, 2, 4 or 8 bytes."""
    if z.dtype.itemsize not in (1, 2, 4, 8):
        return None
    bits = f"u{z.dtype.itemsize}"
    rows, columns = (z.rows, z.columns) if z.to_batch_last else (z.columns, z.rows)
    grid = (min(-(-rows // SIDE) * -(-columns // SIDE), launch.MOST_BLOCKS),)
    block = (launch.THREADS,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        function.over(grid, block, ins[0].view(bits), outs[0].view(bits), np.int64(rows), np.int64(columns))

    return Plan("tiles through shared memory", (layout.PLAIN,), (Output((z.rows * z.columns,), z.dtype),), 0, run)
