"""The compiled loop behind cpu_numba.py.

Sums down are sums of rows, number by number: vectors. Sums across are that too, but only where the lanes are images.
Both matrices come sparse (start, index, weight); of PAIRS in plain order all first taps come first, for vectors. `room`
is where each thread keeps what lies between the two. All places are unsigned, which saves the test whether one counts
from the end; and there are no slices, which cost as much as a short row takes.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from ..compiled import compiled, inner
from ..pool2d.loops import LINE

ROWS = 16  # of one task
COPIED, PICKED, PAIRS, SUMS = range(4)  # all columns as they are; one of weight 1; two; any number of any weight

u8 = np.uint64


@inner
def weighted(x, at, step, index, weight, begin, end, y, to, count):
    """The `count` numbers from y[to] on = Σ of weight[t] · those from x[at + index[t]·step] on."""
    if end == begin:
        for i in range(count):
            y[to + i] = 0
        return
    first, u = at + u8(index[begin]) * step, weight[begin]
    if end == begin + u8(2):
        second, v = at + u8(index[begin + u8(1)]) * step, weight[begin + u8(1)]
        for i in range(count):
            y[to + i] = u * x[first + i] + v * x[second + i]
        return
    if u == 1:
        for i in range(count):
            y[to + i] = x[first + i]
    else:
        for i in range(count):
            y[to + i] = u * x[first + i]
    for t in range(begin + u8(1), end):
        here, w = at + u8(index[t]) * step, weight[t]
        for i in range(count):
            y[to + i] += w * x[here + i]


@inner
def across(x, at, start, index, weight, y, to, count, lanes, kind):
    """A row from y[to] on: number j = Σ of weight[t] · x[at + index[t]] over the taps t of column j, in each lane."""
    if kind == COPIED:
        for i in range(count * lanes):
            y[to + i] = x[at + i]
    elif lanes > u8(1):
        for j in range(count):
            weighted(x, at, lanes, index, weight, u8(start[j]), u8(start[j + u8(1)]), y, to + j * lanes, lanes)
    elif kind == PICKED:
        for j in range(count):
            y[to + j] = x[at + u8(index[j])]
    elif kind == PAIRS:
        for j in range(count):
            left, right = x[at + u8(index[j])], x[at + u8(index[count + j])]
            y[to + j] = weight[j] * left + weight[count + j] * right
    else:
        for j in range(count):
            total = y.dtype.type(0)
            for t in range(u8(start[j]), u8(start[j + u8(1)])):
                total += weight[t] * x[at + u8(index[t])]
            y[to + j] = total


@compiled(parallel=True)
def resample(
    x, y, row_start, row_index, row_weight, lowest, highest, column_start, column_index, column_weight, room, geometry
):  # fmt: skip
    """y = A · x · Bᵀ of each plane, some rows of it a task. What is longer comes second: the rows of an image that
    grows are few before it is summed down, those of one that shrinks are few afterwards."""
    planes, lanes, H, W, OH, OW, rows_kind, kind, own = geometry
    blocks = (OH + ROWS - 1) // ROWS
    wide, narrow, columns, images = u8(W * lanes), u8(OW * lanes), u8(OW), u8(lanes)
    grows = OH >= H and rows_kind != COPIED and kind != COPIED
    for task in prange(planes * blocks):
        plane, block = task // blocks, task % blocks
        above, mine = u8(plane * H) * wide, u8(get_thread_id() * (own + LINE))
        low = u8(lowest[block])
        if grows:
            for h in range(low, u8(highest[block] + 1)):
                to = mine + (h - low) * narrow
                across(x, above + h * wide, column_start, column_index, column_weight, room, to, columns, images, kind)
        for i in range(u8(block * ROWS), u8(min(OH, block * ROWS + ROWS))):
            begin, end = u8(row_start[i]), u8(row_start[i + u8(1)])
            row = (u8(plane * OH) + i) * narrow
            if rows_kind == COPIED:
                at = above + i * wide
                across(x, at, column_start, column_index, column_weight, y, row, columns, images, kind)
            elif kind == COPIED:
                weighted(x, above, wide, row_index, row_weight, begin, end, y, row, narrow)
            elif grows:
                at = mine - low * narrow
                weighted(room, at, narrow, row_index, row_weight, begin, end, y, row, narrow)
            else:
                weighted(x, above, wide, row_index, row_weight, begin, end, room, mine, wide)
                across(room, mine, column_start, column_index, column_weight, y, row, columns, images, kind)
