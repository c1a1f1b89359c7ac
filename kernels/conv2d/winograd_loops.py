"""The compiled loops behind winograd.py: arrays are 1-d memory, the index arithmetic is written out."""

from __future__ import annotations

from numba import get_thread_id, prange

from ..compiled import compiled, inner
from ..tile import tiles
from .data_loops import finish
from .winograd_transforms import transform_input, transform_output

PLACES = 36
TOGETHER = 64  # filters


@inner
def combine(x, y, z, factors, out):
    """out = factors · (x, y, z)"""
    a, b, c = factors
    for i in range(out.size):
        out[i] = a * x[i] + b * y[i] + c * z[i]


@inner
def transform_filters(w, index, taps, G, packed, begin, end, room):
    """packed[place, i] = G g Gᵀ of the filters begin … end, whose taps are w[index[i] + taps[r, s]]."""
    for first in range(begin, end, TOGETHER):
        n = min(TOGETHER, end - first)
        for tap in range(9):
            for i in range(n):
                room[tap * TOGETHER + i] = w[index[first + i] + taps[tap]]
        g = room[: 9 * TOGETHER].reshape((3, 3, TOGETHER))
        half = room[9 * TOGETHER : 27 * TOGETHER].reshape((6, 3, TOGETHER))
        for row in range(6):
            for column in range(3):
                combine(g[0, column], g[1, column], g[2, column], G[row], half[row, column])
        for row in range(6):
            for column in range(6):
                to = (row * 6 + column) * index.size + first
                combine(half[row, 0], half[row, 1], half[row, 2], G[column], packed[to : to + n])


@compiled(parallel=True)
def winograd(code, x, w, index, taps, G, packed, bias, activated, y, pooled, argmax, quarter, offsets, phase,
             tasks, geometry):  # fmt: skip
    """Batch-last: the lanes are the images.

    all filters to U[place, k, c]
    for each row of tiles (4 rows of the output), some images n (in parallel)
        for some tiles of the row at a time
            their pixels to V[place, tile, c, n]
            for each of 36 places: M[k, tile, n] = Σ_c U[k, c] · V[tile, c, n]
            M to 4×4 pixels y[k, …, n]
        the activation or its gradient, and the pooling, while the rows are in the cache
    """
    S, R, SH, SW, TH, TW, N, _groups, lanes, together, mode, function, v0, room, row0, vector = geometry
    filters = index.size
    for part in prange(64):
        begin, end = part * filters // 64, (part + 1) * filters // 64
        transform_filters(w, index, taps, G, packed, begin, end, packed[v0 + get_thread_id() * room :])
    for task in prange(tasks.shape[0]):
        group, h0, l0, l1 = tasks[task]
        mine = v0 + get_thread_id() * room
        v_place = together * S * lanes + lanes  # not a power of two, which would be one set of the cache for all places
        m_place = together * R * lanes + lanes
        products = mine + PLACES * v_place
        ih = phase[3] + h0
        low_h, high_h = max(0, -ih), min(6, SH - ih)
        for first in range(l0, l1, lanes):
            n = min(first, max(l0, l1 - vector))
            images = min(lanes, l1 - n)
            for w0 in range(0, TW, 4 * together):
                count = min(together, (TW - w0 + 3) // 4)
                for i in range(count):
                    iw = phase[8] + w0 + 4 * i
                    transform_input(
                        x, ((group * S * SH + ih) * SW + iw) * N + n, SH * SW * N, SW * N, N,
                        low_h, high_h, max(0, -iw), min(6, SW - iw),
                        packed, mine + i * S * lanes, lanes, v_place, S, images,
                    )  # fmt: skip
                for place in range(PLACES):
                    tiles(
                        code, packed, mine + place * v_place, offsets, 0, 0, 1, 0, S,
                        packed, place * filters + group * S * R, 0, S, R,
                        packed, products + place * m_place, together * lanes, images, bias, 0, 0,
                        count, S * lanes, lanes,
                    )  # fmt: skip
                for i in range(count):
                    ow = w0 + 4 * i
                    transform_output(
                        packed, products + i * lanes, together * lanes, m_place, bias, group * R, mode,
                        y, ((group * R * TH + h0) * TW + ow) * N + n, TH * TW * N, TW * N, N,
                        TH - h0, TW - ow, R, images,
                    )  # fmt: skip
        line = packed[row0 + (0 if activated is None else get_thread_id() * TW * N) :]
        finish(
            y, activated, pooled, argmax, quarter, line, phase, h0, min(h0 + 4, TH), group * R, group * R + R,
            TH, TW, N, l0, l1 - l0, function,
        )  # fmt: skip
