"""What the plans of both GPU backends have in common: the tables, and the two passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes, weights


def plan(z: Sizes, rows: Any, columns: Any, packed: Callable[..., Any]) -> Plan:
    """A plan of two functions, with the geometry `packed` for them."""
    right, channel = (z.C, 1) if z.channels_last else (1, z.H * z.W)  # steps in memory
    (first_column, across), (first_row, down) = weights(z.W, z.OW), weights(z.H, z.OH)
    tables = launch.Constants(
        *(table.astype(np.int32).reshape(-1) for table in (first_column, across.T, first_row, down))
    )
    geometry = packed(
        C=z.C, H=z.H, W=z.W, OH=z.OH, OW=z.OW, across=across.shape[1], down=down.shape[1], right=right, channel=channel,
    )  # fmt: skip
    between, count = z.N * z.C * z.H * z.OW, z.N * z.C * z.OH * z.OW

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        wide, (first_column, across, first_row, down) = scratch[:between], tables()
        rows(between, *ins, first_column, across, wide, np.int64(between), geometry)
        columns(count, wide, first_row, down, outs[0], np.int64(count), geometry)

    output = Output((count,), np.dtype(np.uint8))
    return Plan("rows, then columns", (layout.PLAIN,) * 2, (output,), between, run)
