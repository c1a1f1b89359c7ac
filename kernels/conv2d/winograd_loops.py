"""The compiled loops behind winograd.py: arrays are 1-d memory, the index arithmetic is written out."""

from __future__ import annotations

from numba import get_thread_id, prange

from ..compiled import compiled, inner
from ..slices import copy, fill
from ..sums import dot_tile, sum_run
from ..tile import tiles
from .data_loops import finish
from .winograd_transforms import (
    gradient_to_places_3,
    gradient_to_places_5,
    pixels_to_places_3,
    pixels_to_places_5,
    to_pixels_3,
    to_pixels_5,
)

TOGETHER = 64  # filters that are transformed at a time


@inner
def add_multiple(factor, x, y):
    """y += factor · x"""
    for i in range(y.size):
        y[i] += factor * x[i]


@inner
def add_up(factors, x, first, step, out, to, n):
    """out[to …] = Σ_i factors[i] · x[first + i·step …], n numbers each."""
    y = out[to : to + n]
    fill(y, 0)
    for i in range(factors.size):
        at = first + i * step
        add_multiple(factors[i], x[at : at + n], y)


@inner
def transform_filters(w, index, taps, G, packed, first, room):
    """packed[place, i] = G g Gᵀ of TOGETHER filters from the first one on, whose taps are w[index[i] + taps[r, s]]."""
    size, side = G.shape
    half = taps.size * TOGETHER
    n = min(TOGETHER, index.size - first)
    for tap in range(taps.size):
        for i in range(n):
            room[tap * TOGETHER + i] = w[index[first + i] + taps[tap]]
    for row in range(size):
        for column in range(side):
            to = half + (row * side + column) * TOGETHER
            add_up(G[row], room, column * TOGETHER, side * TOGETHER, room, to, n)
    for row in range(size):
        for column in range(size):
            to = (row * size + column) * index.size + first
            add_up(G[column], room, half + row * side * TOGETHER, TOGETHER, packed, to, n)


@compiled(parallel=True)
def winograd(code, x, w, index, taps, G, packed, bias, activated, y, pooled, argmax, quarter, offsets, phase,
             tasks, geometry):  # fmt: skip
    """Batch-last: the lanes are the images.

    all filters to U[place, k, c]
    for each row of tiles (m rows of the output), some images n (in parallel)
        for some tiles of the row at a time
            their pixels to V[place, tile, c, n]
            for each of T² places: M[k, tile, n] = Σ_c U[k, c] · V[tile, c, n]
            M to m×m pixels y[k, …, n]
        the activation or its gradient, and the pooling, while the rows are in the cache
    """
    S, R, SH, SW, TH, TW, N, _groups, lanes, together, mode, function, v0, room, row0, vector, side = geometry
    filters, (size, kernel) = index.size, G.shape
    for part in prange((filters + TOGETHER - 1) // TOGETHER):
        transform_filters(w, index, taps, G, packed, part * TOGETHER, packed[v0 + get_thread_id() * room :])
    for task in prange(tasks.shape[0]):
        group, h0, l0, l1 = tasks[task]
        mine = v0 + get_thread_id() * room
        v_place = together * S * lanes + lanes  # not a power of two, which would be one set of the cache for all places
        m_place = together * R * lanes + lanes
        products = mine + size * size * v_place
        ih = phase[3] + h0
        low_h, high_h = max(0, -ih), min(size, SH - ih)
        for first in range(l0, l1, lanes):
            n = min(first, max(l0, l1 - vector))
            images = min(lanes, l1 - n)
            for w0 in range(0, TW, side * together):
                count = min(together, (TW - w0 + side - 1) // side)
                for c in range(S):
                    row = ((group * S + c) * SH + ih) * SW
                    for i in range(count):
                        iw = phase[8] + w0 + side * i
                        low_w, high_w = max(0, -iw), min(size, SW - iw)
                        at, to = (row + iw) * N + n, mine + (i * S + c) * lanes
                        if kernel == 3:
                            pixels_to_places_3(x, at, SH * SW * N, SW * N, N, low_h, high_h, low_w, high_w,
                                               packed, to, lanes, v_place, 1, images)  # fmt: skip
                        else:
                            pixels_to_places_5(x, at, SH * SW * N, SW * N, N, low_h, high_h, low_w, high_w,
                                               packed, to, lanes, v_place, 1, images)  # fmt: skip
                for place in range(size * size):
                    tiles(
                        code, packed, mine + place * v_place, offsets, 0, 0, 1, 0, S,
                        packed, place * filters + group * S * R, 0, S, R,
                        packed, products + place * m_place, together * lanes, images, bias, 0, 0,
                        count, S * lanes, lanes,
                    )  # fmt: skip
                for i in range(count):
                    ow = w0 + side * i
                    at, to = products + i * lanes, ((group * R * TH + h0) * TW + ow) * N + n
                    if kernel == 3:
                        to_pixels_3(packed, at, together * lanes, m_place, bias, group * R, mode,
                                    y, to, TH * TW * N, TW * N, N, TH - h0, TW - ow, R, images)  # fmt: skip
                    else:
                        to_pixels_5(packed, at, together * lanes, m_place, bias, group * R, mode,
                                    y, to, TH * TW * N, TW * N, N, TH - h0, TW - ow, R, images)  # fmt: skip
        line = packed[row0 + (0 if activated is None else get_thread_id() * TW * N) :]
        finish(
            y, activated, pooled, argmax, quarter, line, phase, h0, min(h0 + side, TH), group * R, group * R + R,
            TH, TW, N, l0, l1 - l0, function,
        )  # fmt: skip


@inner
def filters_from_places(partial, chunks, numbers, GT, dw, first, filters, room):
    """dw of TOGETHER filters from the first one on: Gᵀ p G of the sums of the chunks, always in the same order."""
    kernel, size = GT.shape
    half = room + size * size * TOGETHER
    one = half + kernel * size * TOGETHER
    n = min(TOGETHER, filters - first)
    for place in range(size * size):
        to, at = room + place * TOGETHER, place * filters + first
        copy(partial[at : at + n], partial[to : to + n])
        for chunk in range(1, chunks):
            more = chunk * numbers + at
            add_multiple(1, partial[more : more + n], partial[to : to + n])
    for row in range(kernel):
        for column in range(size):
            to = half + (row * size + column) * TOGETHER
            add_up(GT[row], partial, room + column * TOGETHER, size * TOGETHER, partial, to, n)
    for row in range(kernel):
        for column in range(kernel):
            add_up(GT[column], partial, half + row * size * TOGETHER, TOGETHER, partial, one, n)
            for i in range(n):
                dw[((first + i) * kernel + row) * kernel + column] = partial[one + i]


@compiled(parallel=True)
def winograd_weight(x, g, dw, db, GT, offsets, units, scratch, geometry):
    """Batch-last: the lanes are the images, and the sums run over them.

    for each chunk of the rows of tiles and blocks of images (in parallel)
        for some tiles of a row at a time
            their pixels to V[place, c, tile, n], what they got to M[place, k, tile, n]
            for each of T² places: partial[chunk, place, k, c] += Σ_{tile, n} M[k, tile, n] · V[c, tile, n]
    dw = Gᵀ (Σ partial, in the order of the chunks) G
    """
    (
        C, K, H, W, OH, OW, N, groups, ph, pw, lanes, together, room, vector, side, chunks, bias,
    ) = geometry  # fmt: skip
    kernel, size = GT.shape
    places, filters = size * size, groups * K * C
    numbers = places * filters + groups * K  # the last ones are the gradient of the bias
    for chunk in prange(chunks):
        base = chunk * numbers
        fill(scratch[base : base + numbers], 0)
        mine = chunks * numbers + get_thread_id() * room
        v_place = together * C * lanes + lanes  # not a power of two, which would be one set of the cache for all places
        m_place = together * K * lanes + lanes
        turned = mine + places * v_place
        for unit in range(chunk * units.shape[0] // chunks, (chunk + 1) * units.shape[0] // chunks):
            h0, l0, l1 = units[unit]
            n = min(l0, N - vector)  # transforms take whole vectors; the lanes before l0 are left out of the sums
            images, ih, high_g = l1 - n, h0 - ph, min(side, OH - h0)
            low_h, high_h = max(0, -ih), min(size, H - ih)
            for group in range(groups):
                for w0 in range(0, OW, side * together):
                    count = min(together, (OW - w0 + side - 1) // side)
                    for c in range(C):
                        row = ((group * C + c) * H + ih) * W
                        for i in range(count):
                            iw = w0 + side * i - pw
                            low_w, high_w = max(0, -iw), min(size, W - iw)
                            at, to = (row + iw) * N + n, mine + (c * together + i) * lanes
                            if kernel == 3:
                                pixels_to_places_3(x, at, H * W * N, W * N, N, low_h, high_h, low_w, high_w,
                                                   scratch, to, 0, v_place, 1, images)  # fmt: skip
                            else:
                                pixels_to_places_5(x, at, H * W * N, W * N, N, low_h, high_h, low_w, high_w,
                                                   scratch, to, 0, v_place, 1, images)  # fmt: skip
                    for k in range(K):
                        row = ((group * K + k) * OH + h0) * OW
                        for i in range(count):
                            ow = w0 + side * i
                            at, to = (row + ow) * N + n, turned + (k * together + i) * lanes
                            if kernel == 3:
                                gradient_to_places_3(g, at, OH * OW * N, OW * N, N, 0, high_g, 0, min(side, OW - ow),
                                                     scratch, to, 0, m_place, 1, images)  # fmt: skip
                            else:
                                gradient_to_places_5(g, at, OH * OW * N, OW * N, N, 0, high_g, 0, min(side, OW - ow),
                                                     scratch, to, 0, m_place, 1, images)  # fmt: skip
                        if bias:
                            total = base + places * filters + group * K + k
                            for q in range(high_g):
                                for ow in range(w0, min(OW, w0 + side * count)):
                                    scratch[total] += sum_run(g, (row + q * OW + ow) * N + l0, l1 - l0)
                    runs, run, skipped = count, l1 - l0, l0 - n
                    if run == lanes:
                        runs, run = 1, count * lanes
                    for place in range(places):
                        dot_tile(
                            scratch, mine + place * v_place + skipped, offsets, 0, C,
                            scratch, turned + place * m_place + skipped, together * lanes, K,
                            runs, run, lanes, lanes, scratch, base + place * filters + group * K * C, C,
                        )  # fmt: skip
    for part in prange((filters + TOGETHER - 1) // TOGETHER):
        mine = chunks * numbers + get_thread_id() * room
        filters_from_places(scratch, chunks, numbers, GT, dw, part * TOGETHER, filters, mine)
    if bias:
        for k in range(groups * K):
            db[k] = scratch[places * filters + k]
            for chunk in range(1, chunks):
                db[k] += scratch[chunk * numbers + places * filters + k]
