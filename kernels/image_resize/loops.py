"""The compiled loop behind cpu_numba.py: rows, then columns, of one plane after another.

All sums are of 32 bits: weights are not negative and sum to about 2²².
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled, inner
from . import BITS

i4, u8 = np.int32, np.uint64
HALF, SHIFT, WHITE = i4(1 << (BITS - 1)), i4(BITS), i4(255)


@inner
def rounded(total):
    """A sum of weighted pixels as a byte."""
    return np.uint8(min(i4(total >> SHIFT), WHITE))


@inner
def rows_pass(images, start, step, first, weights, taps, wide, H, W, OW):
    """wide[h, j] = Σ over t of weights[t, j] · row h [first[j] + t]"""
    for h in range(H):
        begin, to = u8(start + h * W * step), u8(h * OW)
        if taps == 3:  # what enlarging takes
            for j in range(u8(OW)):
                at = begin + u8(first[j]) * step
                total = HALF + weights[j] * i4(images[at])
                total += weights[u8(OW) + j] * i4(images[at + step])
                wide[to + j] = rounded(total + weights[u8(2 * OW) + j] * i4(images[at + u8(2) * step]))
        else:
            for j in range(u8(OW)):
                at, total = begin + u8(first[j]) * step, HALF
                for t in range(u8(taps)):
                    total += weights[t * u8(OW) + j] * i4(images[at + t * step])
                wide[to + j] = rounded(total)


@inner
def columns_pass(wide, first, weights, taps, y, OH, OW):
    """y[i, j] = Σ over t of weights[i, t] · wide[first[i] + t, j]"""
    for i in range(OH):
        above, row = wide[first[i] * OW : (first[i] + taps) * OW], y[i * OW : (i + 1) * OW]
        if taps == 3:
            w0, w1, w2 = weights[3 * i], weights[3 * i + 1], weights[3 * i + 2]
            middle, last = above[OW:], above[2 * OW :]
            for j in range(OW):
                row[j] = rounded(HALF + w0 * i4(above[j]) + w1 * i4(middle[j]) + w2 * i4(last[j]))
        else:
            for j in range(OW):
                total = HALF
                for t in range(taps):
                    total += weights[i * taps + t] * i4(above[t * OW + j])
                row[j] = rounded(total)


@compiled(parallel=True)
def resize(
    images, numbers, first_column, across, columns, first_row, down, rows,
    scratch, y, C, H, W, OH, OW, right, channel,
):  # fmt: skip
    """One image a task; `right` and `channel` are steps in memory, `columns` and `rows` the weights of a pixel."""
    for n in prange(numbers.size):
        wide = scratch[n * H * OW : (n + 1) * H * OW]
        for c in range(C):
            start = numbers[n] * C * H * W + c * channel
            plane = y[(n * C + c) * OH * OW : (n * C + c + 1) * OH * OW]
            rows_pass(images, start, u8(right), first_column, across, columns, wide, H, W, OW)
            columns_pass(wide, first_row, down, rows, plane, OH, OW)
