"""The reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""
    shape = (z.total, z.H, z.W, z.C) if z.channels_last else (z.total, z.C, z.H, z.W)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        images, places, table = ins[0].reshape(shape), ins[1].reshape(-1, 4), ins[2].reshape(z.C, 256)
        if z.channels_last:
            images = images.transpose(0, 3, 1, 2)  # (total, C, H, W)
        number, top, left, mirrored = places[:, :, None].transpose(1, 0, 2)  # each (N, 1)
        across = np.arange(z.OW)
        rows = top + np.arange(z.OH)  # (N, OH)
        columns = left + np.where(mirrored, across[::-1], across)  # (N, OW)
        inside = ((rows >= 0) & (rows < z.H))[:, :, None] & ((columns >= 0) & (columns < z.W))[:, None]  # (N, OH, OW)
        rows, columns = rows.clip(0, z.H - 1)[:, :, None], columns.clip(0, z.W - 1)[:, None]
        for c in range(z.C):
            pixels = images[number[:, :, None], c, rows, columns] * inside  # (N, OH, OW)
            outs[0].reshape(z.N, z.C, z.OH, z.OW)[:, c] = table[c][pixels]

    output = Output((z.N * z.C * z.OH * z.OW,), z.dtype)
    return Plan("NumPy", (layout.PLAIN,) * 3, (output,), 0, run)
