"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import get_thread_id, prange

from ..activation.loops import apply_activation, slope
from ..compiled import compiled, inner
from ..reorder.loops import transpose_block
from ..simd import copy_rows, tile
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
def times_slope(y, activated, room, function):
    """y = y · f'(…), from activated = f(…)."""
    copy(y, room)
    slope(room, activated, y, function)


@inner
def pack(x, at, step, transposed, panel, p0, K, count, wide):
    """panel[block, k, lane]: `wide` lanes of all K next to each other, then the next ones, as `tile` wants them.

    x has k `step` apart and lanes side by side, or, `transposed`, lanes `step` apart and k side by side.
    """
    for lane in range(0, count, wide):
        mine = min(wide, count - lane)
        if transposed:
            transpose_block(x, at + lane * step, step, panel, p0 + lane * K, wide, mine, K)
        else:
            copy_rows(x, at + lane, step, panel, p0 + lane * K, wide, K, mine)


@compiled(parallel=True)
def product(x, w, bias, activated, y, sums, room, offsets, geometry):
    """y[row, lane] = f(bias + Σ_k w[k, row] · x[k, lane]), or with `activated` = f(…) that sum times f'(…).

    for each piece of the result (in parallel)
        for each few k, so that what is read again and again stays in the cache
            the part of x (k, lanes of the piece) packed, where x does not lie well
            for each few rows of the piece
                the part of w (k, these rows) packed, where w does not lie well
                y[these rows, lanes of the piece] += `tile`

    `room` has for each thread the packed parts and `lane_step` numbers for what is multiplied by a slope.
    An empty `activated` means that no gradient is wanted.
    """
    (
        rows, lanes, K, w_k, w_row, bias_mode, transposed, row_step, lane_step, function, with_sums, depth, packed,
        wide, few, packed_w,
    ) = geometry  # fmt: skip
    lane_pieces = (lanes + lane_step - 1) // lane_step
    for piece in prange((rows + row_step - 1) // row_step * lane_pieces):
        r0, l0 = piece // lane_pieces * row_step, piece % lane_pieces * lane_step
        r1, count = min(rows, r0 + row_step), min(lane_step, lanes - l0)
        mine = get_thread_id() * ((packed * depth + 1) * lane_step + packed_w * depth * few)
        free = mine + packed * depth * lane_step
        panel_w = free + lane_step
        if bias_mode == 2:
            begin_with_bias(bias, l0, count, y, lanes, r0, r1)
        mode, source, together = bias_mode, x, count
        if packed:
            source, together = room, wide
        weights, k_step = w, w_k
        if packed_w:
            weights, k_step = room, few
        for k0 in range(0, K, depth):
            k1 = min(K, k0 + depth)
            if packed:
                at = l0 * K + k0 if transposed else k0 * lanes + l0
                pack(x, at, K if transposed else lanes, transposed, room, mine, k1 - k0, count, wide)
            for r in range(r0, r1, few):
                here, at = min(few, r1 - r), k0 * w_k + r * w_row
                if packed_w:
                    copy_rows(w, at, w_k, room, panel_w, few, k1 - k0, here)
                    at = panel_w
                for lane in range(0, count, together):
                    tile(
                        source, mine + lane * (k1 - k0) if packed else k0 * lanes + l0, offsets, 0, 1, 0, k1 - k0,
                        weights, at, k_step, w_row, here,
                        y, r * lanes + l0 + lane, lanes, min(together, count - lane), bias, r, mode,
                    )  # fmt: skip
            mode = 2
        if function:
            for r in range(r0, r1):
                first = r * lanes + l0
                here = y[first : first + count]
                if activated.size:
                    times_slope(here, activated[first : first + count], room[free : free + count], function)
                else:
                    apply_activation(here, function)
        if with_sums and l0 == 0:
            sum_rows(w, w_k, w_row, K, r0, r1, sums)
