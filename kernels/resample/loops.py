"""The compiled loop behind cpu_numba.py.

Sums down are sums of rows, number by number: vectors. Sums across are that too, but only where the lanes are images;
yet what lies between two borders is copied as one piece.
Both matrices come sparse (start, index, weight); of PAIRS in plain order all first taps come first, for vectors. `room`
is where each thread keeps what lies between the two. All places are unsigned, which saves the test whether one counts
from the end; and there are no slices, which cost as much as a short row takes.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from ..compiled import compiled, inlined
from ..pool2d.input_loops import LINE
from ..slices import move

ROWS = 16  # of one task
PICKED, PAIRS, SUMS = range(3)  # each column is one of weight 1; two; any number of any weight

u8 = np.uint64


@inlined
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
        move(x, first, y, to, count)
    else:
        for i in range(count):
            y[to + i] = u * x[first + i]
    for t in range(begin + u8(1), end):
        here, w = at + u8(index[t]) * step, weight[t]
        for i in range(count):
            y[to + i] += w * x[here + i]


@inlined
def columns(x, at, start, index, weight, y, to, first, last, count, lanes, kind):
    """Numbers first … last - 1 of a row of `count` from y[to] on: number j = Σ of weight[t] · x[at + index[t]] over the
    taps t of column j, in each lane."""
    if lanes > u8(1):
        for j in range(first, last):
            weighted(x, at, lanes, index, weight, u8(start[j]), u8(start[j + u8(1)]), y, to + j * lanes, lanes)
    elif kind == PICKED:
        for j in range(first, last):
            y[to + j] = x[at + u8(index[j])]
    elif kind == PAIRS:
        for j in range(first, last):
            left, right = x[at + u8(index[j])], x[at + u8(index[count + j])]
            y[to + j] = weight[j] * left + weight[count + j] * right
    else:
        for j in range(first, last):
            total = y.dtype.type(0)
            for t in range(u8(start[j]), u8(start[j + u8(1)])):
                total += weight[t] * x[at + u8(index[t])]
            y[to + j] = total


@inlined
def across(x, at, start, index, weight, y, to, count, lanes, kind, low, high):
    """A row from y[to] on: columns low … high - 1 are numbers of x that lie side by side, as they are."""
    for first, last in ((u8(0), low), (high, count)):
        columns(x, at, start, index, weight, y, to, first, last, count, lanes, kind)
    if low < high:
        move(x, at + u8(index[start[low]]) * lanes, y, to + low * lanes, (high - low) * lanes)


@compiled(parallel=True)
def resample(
    x, y, row_start, row_index, row_weight, lowest, highest, column_start, column_index, column_weight, room, geometry
):  # fmt: skip
    """y = A · x · Bᵀ of each plane, some rows of it a task. What is longer comes second: the rows of an image that
    grows are few before it is summed down, those of one that shrinks are few afterwards."""
    planes, lanes, H, W, OH, OW, across_first, kind, low_column, high_column, own = geometry
    blocks = (OH + ROWS - 1) // ROWS
    wide, narrow, count, images = u8(W * lanes), u8(OW * lanes), u8(OW), u8(lanes)
    left, right = u8(low_column), u8(high_column)
    for task in prange(planes * blocks):
        plane, block = task // blocks, task % blocks
        above, mine = u8(plane * H) * wide, u8(get_thread_id() * (own + LINE))
        low = u8(lowest[block])
        if across_first:
            for h in range(low, u8(highest[block] + 1)):
                at, to = above + h * wide, mine + (h - low) * narrow
                across(
                    x, at, column_start, column_index, column_weight, room, to, count, images, kind, left, right
                )  # fmt: skip
        for i in range(u8(block * ROWS), u8(min(OH, block * ROWS + ROWS))):
            begin, end = u8(row_start[i]), u8(row_start[i + u8(1)])
            row = (u8(plane * OH) + i) * narrow
            if across_first:
                weighted(room, mine - low * narrow, narrow, row_index, row_weight, begin, end, y, row, narrow)
            elif end == begin + u8(1) and row_weight[begin] == 1:  # a row of the input, as it is
                at = above + u8(row_index[begin]) * wide
                across(x, at, column_start, column_index, column_weight, y, row, count, images, kind, left, right)
            elif right - left == count and wide == narrow:  # all columns as they are
                weighted(x, above, wide, row_index, row_weight, begin, end, y, row, narrow)
            else:
                weighted(x, above, wide, row_index, row_weight, begin, end, room, mine, wide)
                across(room, mine, column_start, column_index, column_weight, y, row, count, images, kind, left, right)
