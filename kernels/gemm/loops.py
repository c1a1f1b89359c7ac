"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import get_thread_id, prange

from ..activation.loops import apply_activation, slope
from ..compiled import compiled, inner
from ..reorder.loops import BLOCK, transpose_block
from ..simd import tile
from ..slices import copy, fill
from ..sums import sum_run


@inner
def sum_rows(w, w_k, w_row, K, r0, r1, sums):
    """sums[row] = Σ_k w[k, row] for the rows r0 … r1."""
    if w_k == 1:
        for r in range(r0, r1):
            sums[r] = sum_run(w, r * w_row, K)
    else:  # then w_row is 1
        mine = sums[r0:r1]
        fill(mine, 0)
        for k in range(K):
            here = w[k * w_k + r0 : k * w_k + r1]
            for i in range(mine.size):
                mine[i] += here[i]


@inner
def begin_with_bias(bias, l0, count, y, lanes, r0, r1):
    """A bias that runs along the lanes: the sums go on from it."""
    for r in range(r0, r1):
        copy(bias[l0 : l0 + count], y[r * lanes + l0 : r * lanes + l0 + count])


@inner
def activate(y, activated, first, count, room, function):
    """y[first …] = f(y), or with `activated` = f(…) times the slope of f; `room` has place for `count` numbers."""
    here = y[first : first + count]
    if activated is None:
        apply_activation(here, function)
    else:
        mine = room[:count]
        copy(here, mine)
        slope(mine, activated[first : first + count], here, function)


@compiled(parallel=True)
def product(x, w, bias, activated, y, sums, room, offsets, geometry):
    """y[row, lane] = f(bias + Σ_k w[k, row] · x[k, lane]), or with `activated` = f(…) that sum times f'(…).

    Where x does not run along the lanes, it is first transposed into `room`. Behind that, each thread has
    `lane_step` numbers for what is multiplied by a slope. Without `activated` (None) Numba leaves that part out.
    """
    (
        rows, lanes, K, w_k, w_row, bias_mode, transposed, row_step, lane_step, function, with_sums
    ) = geometry  # fmt: skip
    if transposed:
        across = (K + BLOCK - 1) // BLOCK
        for task in prange((lanes + BLOCK - 1) // BLOCK * across):
            lane, k = task // across * BLOCK, task % across * BLOCK
            transpose_block(
                x, lane * K + k, K, room, k * lanes + lane, lanes, min(BLOCK, lanes - lane), min(BLOCK, K - k)
            )
    source = room if transposed else x
    lane_pieces = (lanes + lane_step - 1) // lane_step
    for piece in prange((rows + row_step - 1) // row_step * lane_pieces):
        r0, l0 = piece // lane_pieces * row_step, piece % lane_pieces * lane_step
        r1, count = min(rows, r0 + row_step), min(lane_step, lanes - l0)
        if bias_mode == 2:
            begin_with_bias(bias, l0, count, y, lanes, r0, r1)
        tile(
            source, l0, offsets, 0, 1, 0, K,
            w, r0 * w_row, w_k, w_row, r1 - r0,
            y, r0 * lanes + l0, lanes, count, bias, r0, bias_mode,
        )  # fmt: skip
        if function:
            mine = room[transposed * K * lanes + get_thread_id() * lane_step :]
            for r in range(r0, r1):
                activate(y, activated, r * lanes + l0, count, mine, function)
        if with_sums and l0 == 0:
            sum_rows(w, w_k, w_row, K, r0, r1, sums)
