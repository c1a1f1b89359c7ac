"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled
from ..simd import tile

BLOCK = 16


@compiled(parallel=True)
def product(x, w, bias, y, room, offsets, geometry):
    """y[row, lane] = bias + Σ_k w[k, row] · x[k, lane]; where x does not run along the lanes, it is first
    transposed into `room`."""
    rows, lanes, K, x_k, x_lane, w_k, w_row, bias_mode, copy, row_step, lane_step = geometry
    if copy:
        for strip in prange((lanes + BLOCK - 1) // BLOCK):
            l0, l1 = strip * BLOCK, min(lanes, (strip + 1) * BLOCK)
            for k0 in range(0, K, BLOCK):
                for k in range(k0, min(K, k0 + BLOCK)):
                    for lane in range(l0, l1):
                        room[k * lanes + lane] = x[k * x_k + lane * x_lane]
    row_pieces = (rows + row_step - 1) // row_step
    lane_pieces = (lanes + lane_step - 1) // lane_step
    for piece in prange(row_pieces * lane_pieces):
        r0, l0 = piece // lane_pieces * row_step, piece % lane_pieces * lane_step
        r1, l1 = min(rows, r0 + row_step), min(lanes, l0 + lane_step)
        if bias_mode == 2:  # the bias runs along the lanes: the sums go on from it
            for r in range(r0, r1):
                for lane in range(l0, l1):
                    y[r * lanes + lane] = bias[lane]
        tile(
            room, l0, offsets, 0, 1, 0, K,
            w, r0 * w_row, w_k, w_row, r1 - r0,
            y, r0 * lanes + l0, lanes, l1 - l0, bias, r0, bias_mode,
        )  # fmt: skip
