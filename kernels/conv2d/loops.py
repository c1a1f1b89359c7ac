"""The compiled loops behind cpu_numba.py. Arrays are 1-d memory; the index arithmetic is written out.

`geometry` holds the lengths that every loop needs; `phases`, `valid`, `offsets`, `tasks` are made by the
plan (see cpu_numba._tables for what their columns mean).
"""

from __future__ import annotations

from numba import get_thread_id, prange

from ..compiled import compiled, inner
from ..simd import dot_tile, sum_run
from ..slices import fill

PIECE = 2048  # numbers of one run of the weight gradient: a row of g and of x stay in the first cache


@inner
def fill_columns(x, x0, columns, c0, width, phase, p0, p1, S, SH, SW):
    """im2col of the pixels p0 … p1 of one phase: columns[tap (r, s, c), pixel], `width` apart."""
    out_w, base_w, step_w = phase[5], phase[8], phase[9]
    p = p0
    while p < p1:  # a piece of one output row after the other
        row, first = p // out_w, p % out_w
        count = min(out_w - first, p1 - p)
        ih0 = phase[3] + row * phase[4]
        for r in range(phase[16]):
            ih = ih0 + r * phase[14]
            for s in range(phase[17]):
                iw0 = base_w + first * step_w + s * phase[15]
                low = min(count, max(0, -(iw0 // step_w)))
                high = max(low, min(count, -((iw0 - SW) // step_w)))
                if ih < 0 or ih >= SH:
                    low = high = count
                for c in range(S):
                    to = c0 + ((r * phase[17] + s) * S + c) * width + (p - p0)
                    at = x0 + (c * SH + ih) * SW + iw0
                    fill(columns[to : to + low], 0)
                    if high > low:
                        columns[to + low : to + high] = x[at + low * step_w : at + (high - 1) * step_w + 1 : step_w]
                    fill(columns[to + high : to + count], 0)
        p += count


@compiled(parallel=True)
def weight_direct(x, g, dw, db, offsets, valid_h, valid_w, unpack, partial, geometry, chunks):
    """Batch-last: along a row of the output, x and g are runs of (pixels · images) numbers, and every
    dw[k, c, r, s] is the sum of the products of two such runs.

    for each chunk of output rows (in parallel)
        partial[chunk] = Σ over its rows, pieces of the row: `dot_tile` of all k with all taps
    dw = Σ partial, in the order of the chunks
    """
    C, K, H, W, OH, OW, N, groups, taps, KH, KW, sh, sw, ph, pw, dh, dw_, bias = geometry
    row_numbers = taps + 1  # the last one is the bias gradient
    for chunk in prange(chunks):
        base = chunk * groups * K * row_numbers
        fill(partial[base : base + groups * K * row_numbers], 0)
        for oh in range(chunk * OH // chunks, (chunk + 1) * OH // chunks):
            r0, r1 = valid_h[oh]
            for group in range(groups):
                sums = base + group * K * row_numbers
                x_row = (group * C * H + oh * sh - ph) * W
                g_row = (group * K * OH + oh) * OW
                s = 0
                while s < KW:
                    first, last = valid_w[s]
                    t0, T = (s * KH + r0) * C, (r1 - r0) * C
                    s += 1
                    if r0 == 0 and r1 == KH:  # neighbouring taps that see the same pixels go together
                        while s < KW and valid_w[s, 0] == first and valid_w[s, 1] == last:
                            T += KH * C
                            s += 1
                    x0, g0 = (x_row + first * sw - pw) * N, (g_row + first) * N
                    # the pixels of the row lie side by side in g; in x, too, unless the stride leaves some out
                    runs, run = (1, (last - first) * N) if sw == 1 else (last - first, N)
                    for at in range(0, run, PIECE):
                        dot_tile(x, x0 + at, offsets, t0, T, g, g0 + at, OH * OW * N, K,
                                 runs, min(PIECE, run - at), sw * N, N, partial, sums + t0, row_numbers)  # fmt: skip
                if bias:
                    for k in range(K):
                        partial[sums + k * row_numbers + taps] += sum_run(g, (g_row + k * OH * OW) * N, OW * N)
    add_partials(partial, chunks, groups * K, taps, unpack, dw, db, bias)


@compiled(parallel=True)
def weight_columns(x, g, dw, db, offsets, phases, blocks, unpack, partial, geometry, chunks, width):
    """Plain order, small batch: dw = g (K, block) @ columnsᵀ (block, taps), summed over blocks and images."""
    C, K, H, W, OH, OW, N, groups, taps, KH, KW, sh, sw, ph, pw, dh, dw_, bias = geometry
    row_numbers = taps + 1
    count = N * blocks.shape[0]
    room = chunks * groups * K * row_numbers
    for chunk in prange(chunks):
        base = chunk * groups * K * row_numbers
        fill(partial[base : base + groups * K * row_numbers], 0)
        mine = room + get_thread_id() * width * taps
        for i in range(chunk * count // chunks, (chunk + 1) * count // chunks):
            n = i // blocks.shape[0]
            p, p0, p1 = blocks[i % blocks.shape[0]]
            for group in range(groups):
                sums = base + group * K * row_numbers
                source = (n * groups + group) * C * H * W
                fill_columns(x, source, partial, mine, width, phases[p], p0, p1, C, H, W)
                g0 = (n * groups + group) * K * OH * OW + p0
                dot_tile(partial, mine, offsets, 0, taps, g, g0, OH * OW, K,
                         1, p1 - p0, 0, 0, partial, sums, row_numbers)  # fmt: skip
                if bias:
                    for k in range(K):
                        partial[sums + k * row_numbers + taps] += sum_run(g, g0 + k * OH * OW, p1 - p0)
    add_partials(partial, chunks, groups * K, taps, unpack, dw, db, bias)


@inner
def add_partials(partial, chunks, rows, taps, unpack, dw, db, bias):
    """dw and db: the sums of the chunks, always in the same order."""
    numbers = rows * (taps + 1)
    total = partial[:numbers]
    for chunk in range(1, chunks):
        more = partial[chunk * numbers : (chunk + 1) * numbers]
        for i in range(numbers):
            total[i] += more[i]
    for k in range(rows):
        for t in range(taps):
            dw[k * taps + unpack[t]] = total[k * (taps + 1) + t]
        if bias:
            db[k] = total[k * (taps + 1) + taps]
