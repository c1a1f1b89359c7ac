"""Numba: one `tile` does the work; what has to be decided is which matrix lies in the lanes.

Lanes run along the memory of C. With C in plain order, row r of C is Σ_k A[r, k] · (row k of B), so the
lanes are columns of B. With C in batch-last order everything is transposed: Cᵀ = Bᵀ Aᵀ, and the lanes
are rows of A (the images of the batch).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from ..layout import memory
from . import Sizes, loops

LANES, ROWS = 128, 48  # a piece of work: this many lanes of this many rows of the result
SMALL = 1 << 12  # products below this many multiplications are left to NumPy


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, from a few thousand multiplications up."""
    if z.dtype not in (np.float32, np.float64) or z.M * z.N * z.K < SMALL:
        return None
    transposed = z.c_order == layout.BATCH_LAST
    rows, lanes = (z.N, z.M) if transposed else (z.M, z.N)
    lane_order, row_order = (z.a_order, z.b_order) if transposed else (z.b_order, z.a_order)
    # where the operand in the lanes has element (k, lane), and the other one element (k, row)
    along = (lane_order == layout.PLAIN) != transposed
    x_k, x_lane = (lanes, 1) if along else (1, z.K)
    w_k, w_row = (rows, 1) if (row_order == layout.PLAIN) == transposed else (1, z.K)
    offsets = np.arange(z.K) * lanes
    bias_mode = 0 if not z.epilogue else 1 if transposed else 2
    copy = 0 if along else z.K * lanes
    geometry = np.array([rows, lanes, z.K, x_k, x_lane, w_k, w_row, bias_mode, copy > 0, *_pieces(rows, lanes)])

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        a, b = memory(ins[0]), memory(ins[1])
        x, w = (a, b) if transposed else (b, a)
        room = scratch.view(z.dtype) if copy else x
        loops.product(x, w, ins[2] if z.epilogue else w, memory(outs[0]), room, offsets, geometry)

    orders = (z.a_order, z.b_order, layout.PLAIN)[: 2 + len(z.epilogue)]
    output = Output((z.M, z.N), z.dtype, z.c_order)
    return Plan("register tiles", orders, (output,), copy * z.dtype.itemsize, run)


def _pieces(rows: int, lanes: int) -> tuple[int, int]:
    """Rows and lanes of a piece: large enough to be worth it, small enough that there are about 8."""
    lane_step = LANES if lanes >= 4 * LANES else 64
    row_step = ROWS
    while row_step > 12 and -(-rows // row_step) * -(-lanes // lane_step) < 8:
        row_step -= 12
    return row_step, lane_step
