"""The reference: each pass a matrix product of whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import BITS, Sizes, weights


def plan(z: Sizes) -> Plan:
    """Every case."""
    shape = (z.total, z.H, z.W, z.C) if z.channels_last else (z.total, z.C, z.H, z.W)
    across, down = _matrix(z.W, z.OW), _matrix(z.H, z.OH)  # (W, OW), (H, OH)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        images = ins[0].reshape(shape)[ins[1]]
        if z.channels_last:
            images = images.transpose(0, 3, 1, 2)  # (N, C, H, W)
        wide = _rounded(images.astype(np.int64) @ across)  # (N, C, H, OW)
        outs[0].reshape(z.N, z.C, z.OH, z.OW)[...] = _rounded(down.T @ wide)

    output = Output((z.N * z.C * z.OH * z.OW,), np.dtype(np.uint8))
    return Plan("matrix products", (layout.PLAIN,) * 2, (output,), 0, run)


def _matrix(length: int, new_length: int) -> Any:
    first, table = weights(length, new_length)
    matrix = np.zeros((length, new_length), np.int64)
    for j in range(new_length):
        matrix[first[j] : first[j] + table.shape[1], j] = table[j]
    return matrix


def _rounded(sums: Any) -> Any:
    return ((sums + (1 << (BITS - 1))) >> BITS).clip(0, 255)
