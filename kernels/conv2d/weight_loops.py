"""The compiled loops of the gradient of the filters (weight_plan.py chooses among them).

dw[k, c, r, s] = Σ_{n, oh, ow} g[k, oh, ow, n] · x[c, oh·sh - ph + r·dh, ow·sw - pw + s·dw, n]
"""

from __future__ import annotations

from numba import get_thread_id, prange

from ..compiled import compiled, inner
from ..reorder.loops import transpose_block
from ..slices import copy, fill
from ..sums import dot_tile, outer_tile, sum_run

FEW = 32  # taps and filters of a block of weights: two of them stay in the first cache


@compiled(parallel=True)
def weight_direct(x, g, dw, db, offsets, valid_h, valid_w, unpack, partial, geometry, chunks, piece):
    """Batch-last, few taps or few filters: along a row of the output, x and g are runs of (pixels · images) numbers,
    and every dw[k, c, r, s] is the sum of the products of two such runs. Nothing is copied.

    for each chunk of output rows (in parallel)
        partial[chunk] = Σ over its rows, pieces of the row: `dot_tile` of all k with all taps
    dw = Σ partial, in the order of the chunks
    """
    C, K, H, W, OH, OW, N, groups, taps, KH, KW, sh, sw, ph, pw, bias = geometry
    row_numbers = taps + 1  # the last one is the bias gradient
    for chunk in prange(chunks):
        base = chunk * groups * K * row_numbers
        fill(partial[base : base + groups * K * row_numbers], 0)
        for oh in range(chunk * OH // chunks, (chunk + 1) * OH // chunks):
            r0, r1 = valid_h[oh]
            for group in range(groups):
                sums = base + group * K * row_numbers
                x_row = ((group * C * H + oh * sh - ph) * W - pw) * N
                g_row = (group * K * OH + oh) * OW * N
                for p0 in range(0, OW * N, piece):
                    p1 = min(p0 + piece, OW * N)
                    s = 0
                    while s < KW:
                        first, last = valid_w[s]
                        t0, T = (s * KH + r0) * C, (r1 - r0) * C
                        s += 1
                        if r0 == 0 and r1 == KH:  # neighbouring taps that see the same pixels go together
                            while s < KW and valid_w[s, 0] == first and valid_w[s, 1] == last:
                                T += KH * C
                                s += 1
                        low, high = max(p0, first * N), min(p1, last * N)
                        # the pixels of the row lie side by side in g; in x, too, unless the stride leaves some out
                        runs, run, x0 = 1, high - low, x_row + low
                        if sw > 1:  # then pieces are whole pixels
                            runs, run, x0 = (high - low) // N, N, x_row + low * sw
                        if high > low:
                            dot_tile(x, x0, offsets, t0, T, g, g_row + low, OH * OW * N, K,
                                     runs, run, sw * N, N, partial, sums + t0, row_numbers)  # fmt: skip
                    if bias:
                        for k in range(K):
                            at = g_row + k * OH * OW * N + p0
                            partial[sums + k * row_numbers + taps] += sum_run(g, at, p1 - p0)
    numbers = groups * K * row_numbers
    for k in prange(groups * K):
        finish_filter(partial, chunks, numbers, k, taps, unpack, dw, db, bias)


@inner
def finish_filter(partial, chunks, numbers, k, taps, unpack, dw, db, bias):
    """dw and db of one filter: the sums of the chunks, always in the same order."""
    first = k * (taps + 1)
    for chunk in range(1, chunks):
        more = chunk * numbers
        for i in range(first, first + taps + 1):
            partial[i] += partial[more + i]
    for t in range(taps):
        dw[k * taps + unpack[t]] = partial[first + t]
    if bias:
        db[k] = partial[first + taps]


@inner
def fill_planes(x, x0, panel, p0, channels, ih0, rows, sh, iw0, width, sw, H, W):
    """A part of a plain image, taken apart by the residues of the stride: panel[channel, row mod sh, column mod sw,
    row // sh, column // sw]. So the pixels that one tap sees lie side by side. Zeros where the image has none.
    """
    for c in range(channels):
        for r in range(rows * sh):
            ih = ih0 + r
            for residue in range(sw):
                to = p0 + (((c * sh + r % sh) * sw + residue) * rows + r // sh) * width
                first = iw0 + residue
                low = min(width, max(0, -(first // sw)))
                high = max(low, min(width, -((first - W) // sw)))
                if ih < 0 or ih >= H:
                    low = high = width
                at = x0 + (c * H + ih) * W + first
                fill(panel[to : to + low], 0)
                if sw == 1:
                    copy(x[at + low : at + high], panel[to + low : to + high])
                else:
                    for column in range(low, high):
                        panel[to + column] = x[at + column * sw]
                fill(panel[to + high : to + width], 0)


@compiled(parallel=True)
def weight_rows(x, g, dw, db, offsets, blocks, tasks, unpack, scratch, geometry):
    """Plain order, few taps or few filters: some output rows of one image, and what they see, are copied so that
    they are one long run each, with zeros between the rows.

    for each chunk of the blocks, some of the groups (in parallel)
        for each block of output rows of an image, each group
            partial[chunk] += `dot_tile` of all k with all taps
    dw = Σ partial, in the order of the chunks
    """
    C, K, H, W, OH, OW, taps, sh, sw, ph, pw, rows, width, panel_size, filters_size, groups, chunks, bias = geometry
    row_numbers = taps + 1
    for task in prange(tasks.shape[0]):
        b0, b1, chunk, group0, group1 = tasks[task]
        base = chunk * groups * K * row_numbers
        fill(scratch[base + group0 * K * row_numbers : base + group1 * K * row_numbers], 0)
        panel = chunks * groups * K * row_numbers + get_thread_id() * (panel_size + filters_size)
        spread = panel + panel_size
        for i in range(b0, b1):
            n, oh, count = blocks[i]
            run = (count - 1) * width + OW
            for group in range(group0, group1):
                x0, g0 = (n * groups + group) * C * H * W, ((n * groups + group) * K * OH + oh) * OW
                fill_planes(x, x0, scratch, panel, C, oh * sh - ph, rows, sh, -pw, width, sw, H, W)
                for k in range(K):
                    for q in range(count):
                        at, to = g0 + (k * OH + q) * OW, spread + k * run + q * width
                        copy(g[at : at + OW], scratch[to : to + OW])
                        if q < count - 1:
                            fill(scratch[to + OW : to + width], 0)
                sums = base + group * K * row_numbers
                dot_tile(scratch, panel, offsets, 0, taps, scratch, spread, run, K,
                         1, run, 0, 0, scratch, sums, row_numbers)  # fmt: skip
                if bias:
                    for k in range(K):
                        scratch[sums + k * row_numbers + taps] += sum_run(scratch, spread + k * run, run)
    numbers = groups * K * row_numbers
    for k in prange(groups * K):
        finish_filter(scratch, chunks, numbers, k, taps, unpack, dw, db, bias)


@inner
def fill_block(x, x0, panel, p0, channels, ih0, rows, iw0, width, H, W, N, lanes, count):
    """A part of the image, zeros where it has no pixels: panel[channel, row, column, lane].

    `rows` rows from ih0 on, `width` columns from iw0 on, `count` images of N (the rest of `lanes` is zeros).
    """
    low, high = min(max(0, -iw0), width), max(0, min(width, W - iw0))
    for c in range(channels):
        for r in range(rows):
            to, ih = p0 + (c * rows + r) * width * lanes, ih0 + r
            if ih < 0 or ih >= H or high <= low:
                fill(panel[to : to + width * lanes], 0)
                continue
            at = x0 + ((c * H + ih) * W + iw0) * N
            fill(panel[to : to + low * lanes], 0)
            if count == N and lanes == N:
                copy(x[at + low * N : at + high * N], panel[to + low * lanes : to + high * lanes])
            else:
                for column in range(low, high):
                    first, here = at + column * N, to + column * lanes
                    copy(x[first : first + count], panel[here : here + count])
                    if count < lanes:
                        fill(panel[here + count : here + lanes], 0)
            fill(panel[to + high * lanes : to + width * lanes], 0)


@inner
def fill_filters(g, g0, channel, panel, p0, filters, vector, rows, row, columns, whole, N, lanes, count):
    """g transposed, filters innermost: panel[row, column, lane, k], zeros where there is no such k, lane or column.

    In g, filters lie `channel` apart and rows `row`; `columns` of `whole` columns exist, and `count` of `lanes` images.
    """
    if columns < whole or count < lanes or filters < vector:
        fill(panel[p0 : p0 + rows * whole * lanes * vector], 0)
    pieces, piece = columns, count
    if count == N and lanes == N:  # the columns lie side by side
        pieces, piece = 1, columns * N
    for q in range(rows):
        for i in range(pieces):
            at, to = g0 + q * row + i * N, p0 + (q * whole + i) * lanes * vector
            transpose_block(g, at, channel, panel, to, vector, filters, piece)


@inner
def unpack_filters(partial, base, padded, chunks, chunk_size, t0, t1, k0, k1, unpack, room, dw, to, taps):
    """dw of the taps t0 … t1 (at most FEW) of the filters k0 … k1: the sums of the chunks, always in the same order."""
    for t in range(t0, t1):
        for chunk in range(1, chunks):
            first = base + t * padded
            for k in range(first + k0, first + k1):
                partial[k] += partial[chunk * chunk_size + k]
    transpose_block(partial, base + t0 * padded + k0, padded, partial, room, FEW, t1 - t0, k1 - k0)
    for k in range(k0, k1):
        for t in range(t0, t1):
            dw[to + k * taps + unpack[t]] = partial[room + (k - k0) * FEW + t - t0]


@compiled(parallel=True)
def weight_outer(x, g, dw, db, offsets, places, blocks, tasks, unpack, scratch, geometry):
    """Many taps: what a block of output pixels sees is copied side by side, its gradient is transposed, and each
    pixel adds an outer product of taps and filters.

    for each chunk of the blocks, piece of the channels, piece of the filters (in parallel)
        for each block of output pixels and images
            panel = its part of x
            for each few filters
                turned = its part of g, filters innermost
                partial[chunk, taps, filters] += `outer_tile` of panel and turned
    dw = Σ partial, in the order of the chunks
    """
    (
        C, K, H, W, OH, OW, inner_N, taps, KH, KW, sh, sw, ph, pw, bias, groups, lanes, columns, rows, width, high,
        padded, panel_size, filters_size, vectors, lane, chunks,
    ) = geometry  # fmt: skip
    chunk_size = groups * (taps + 1) * padded  # the last tap is the gradient of the bias
    together, still = vectors * lane, places[rows * columns * lanes :]
    for task in prange(tasks.shape[0]):
        b0, b1, chunk, group, c0, c1, k0, k1 = tasks[task]
        base = (chunk * groups + group) * (taps + 1) * padded
        stop = min(padded, -(-k1 // lane) * lane)
        for t in range(c0 * KH * KW, c1 * KH * KW):
            fill(scratch[base + t * padded + k0 : base + t * padded + stop], 0)
        if c0 == 0:
            fill(scratch[base + taps * padded + k0 : base + taps * padded + stop], 0)
        panel = chunks * chunk_size + get_thread_id() * (panel_size + filters_size)
        turned = panel + panel_size
        one = turned - 1  # the last number of the panel is one: what the gradient of the bias is multiplied by
        scratch[one] = 1
        for i in range(b0, b1):
            x0, g0, oh, count_h, ow, count_w, count, r0, r1 = blocks[i]
            fill_block(
                x, x0 + (group * C + c0) * H * W * inner_N, scratch, panel, c1 - c0, oh * sh - ph, high,
                ow * sw - pw, width, H, W, inner_N, lanes, count,
            )  # fmt: skip
            P = count_h * columns * lanes
            for k in range(k0, k1, together):
                mine = min(k1 - k, together)
                here = -(-mine // lane)
                fill_filters(
                    g, g0 + (((group * K + k) * OH + oh) * OW + ow) * inner_N, OH * OW * inner_N, scratch, turned,
                    mine, here * lane, count_h, OW * inner_N, count_w, columns, inner_N, lanes, count,
                )  # fmt: skip
                first, T = (c0 * KH + r0 * (c1 - c0)) * KW, (r1 - r0) * (c1 - c0) * KW
                outer_tile(scratch, panel, offsets, first, T, places, P, scratch, turned, here,
                           scratch, base + first * padded + k, padded)  # fmt: skip
                if bias and c0 == 0:
                    outer_tile(scratch, one, still, 0, 1, still, P, scratch, turned, here,
                               scratch, base + taps * padded + k, padded)  # fmt: skip
    blocks_k = (K + FEW - 1) // FEW
    for task in prange(groups * blocks_k):
        group, k0 = task // blocks_k, task % blocks_k * FEW
        base, k1 = group * (taps + 1) * padded, min(K, k0 + FEW)
        room = chunks * chunk_size + get_thread_id() * (panel_size + filters_size)
        for t in range(0, taps, FEW):
            unpack_filters(
                scratch, base, padded, chunks, chunk_size, t, min(taps, t + FEW), k0, k1, unpack, room, dw,
                group * K * taps, taps,
            )  # fmt: skip
        if bias:
            for k in range(k0, k1):
                total = scratch[base + taps * padded + k]
                for chunk in range(1, chunks):
                    total += scratch[chunk * chunk_size + base + taps * padded + k]
                db[group * K + k] = total
