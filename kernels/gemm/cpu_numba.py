"""Numba: one `tile` does the work; what has to be decided is which matrix lies in the lanes.

Lanes run along the memory of C. With C in plain order, row r of C is Σ_k A[r, k] · (row k of B), so the
lanes are columns of B. With C in batch-last order everything is transposed: Cᵀ = Bᵀ Aᵀ, and the lanes
are rows of A (the images of the batch).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, threads, tile
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..layout import memory
from . import Sizes, loops
from .cpu_numpy import orders, outputs

LANES, ROWS = 64, 192  # a piece of work: at most this many lanes of this many rows of the result
PANEL_BYTES = 16 << 10  # of the lanes that a register tile reads: they stay in the first cache
FEW = 24  # rows whose packed numbers stay in the first cache beside those
FAR = 2048  # bytes
SMALL = 1 << 12  # products below this many multiplications are left to NumPy


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, from a few thousand multiplications up; row sums only where the lanes are columns."""
    if z.dtype not in (np.float32, np.float64) or z.M * z.N * z.K < SMALL:
        return None
    transposed = z.c_order == layout.BATCH_LAST
    row_sums = "row_sums" in z.epilogue
    if transposed and row_sums:
        return None
    rows, lanes = (z.N, z.M) if transposed else (z.M, z.N)
    lane_order, row_order = (z.a_order, z.b_order) if transposed else (z.b_order, z.a_order)
    # whether the operand in the lanes runs along them, and where the other one has element (k, row)
    along = (lane_order == layout.PLAIN) != transposed
    w_k, w_row = (rows, 1) if (row_order == layout.PLAIN) == transposed else (1, z.K)
    bias = "bias" in z.epilogue
    bias_mode = 0 if not bias else 1 if transposed else 2
    function, gradient = activation_of(z.epilogue)
    item = z.dtype.itemsize
    wide = tile.vector_blocks(tile.ROWS)[0] * simd.vector_bytes() // item  # lanes of a register tile
    # Numbers that lie far apart fall into the same few sets of the cache, where the next ones push them out; so they
    # are packed, if there are enough rows or lanes to pay for that. A whole number of pages apart is the worst case.
    enough = (2 if rows * item % 4096 == 0 else 4) * wide
    packed_w = int(w_row == 1 and rows * item >= FAR and lanes >= enough)
    row_step, lane_step = _pieces(rows, lanes, wide, packed_w)
    packed = int(not along or (lanes > 4 * wide and rows >= 24))
    depth = min(z.K, max(128, PANEL_BYTES // (wide * item)))
    few = row_step
    if packed_w:
        depth, few = min(z.K, 128), FEW
    offsets = np.arange(depth) * (wide if packed else lanes)
    geometry = np.array([
        rows, lanes, z.K, w_k, w_row, bias_mode, int(not along), row_step, lane_step, function, int(row_sums), depth,
        packed, wide, few, packed_w,
    ])  # fmt: skip
    room = threads.most() * ((packed * depth + 1) * lane_step + packed_w * depth * few)
    room *= int(packed or packed_w or gradient)
    nothing = np.empty(0, z.dtype)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        a, b, y = memory(ins[0]), memory(ins[1]), memory(outs[0])
        x, w = (a, b) if transposed else (b, a)
        loops.product(
            x, w, ins[2] if bias else w, memory(ins[-1]) if gradient else nothing, y, outs[1] if row_sums else y,
            scratch.view(z.dtype) if room else y, offsets, geometry,
        )  # fmt: skip

    return Plan("register tiles", orders(z), outputs(z), room * z.dtype.itemsize, run)


def _pieces(rows: int, lanes: int, wide: int, more_lanes: int) -> tuple[int, int]:
    """Rows and lanes of a piece: as large as the caches allow, for each piece reads all its rows and lanes anew, but
    at least one for each thread. No sum depends on them."""
    pieces = threads.most()
    lane_step = max(wide, LANES // wide * wide) << more_lanes
    while lane_step > 2 * wide and -(-lanes // lane_step) * (-(-rows // ROWS)) < pieces:
        lane_step = max(2 * wide, lane_step // 2 // wide * wide)
    lane_pieces = -(-lanes // lane_step)
    row_pieces = max(-(-pieces // lane_pieces), -(-rows // ROWS))
    return max(6, -(-rows // row_pieces // 6) * 6), lane_step
