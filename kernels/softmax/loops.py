"""The compiled loops behind cpu_numba.py, in short loops over a block that stays in the cache.

`rows`: the classes of a row lie side by side, and the exponentials of all rows of a block are taken in one loop.
`lanes`: number i of class c of an outer index lies at c·inner + i, and all loops go along i.
"""

from __future__ import annotations

import math

from numba import prange

from ..compiled import compiled, inner
from ..elementary import exp, larger, log
from ..slices import copy, fill

ROWS = 64  # of one task


@inner
def subtract(row, best, mine):
    """mine = row - best"""
    for c in range(mine.size):
        mine[c] = row[c] - best


@compiled(parallel=True)
def forward_rows(x, y, room, geometry):
    """y = softmax of each row, or its logarithm."""
    outer, classes, _, logarithm = geometry
    for block in prange((outer + ROWS - 1) // ROWS):
        n0, n1 = block * ROWS, min(outer, block * ROWS + ROWS)
        largest = room[n0:n1]
        powers = room[outer + n0 * classes : outer + n1 * classes]
        for i in range(n1 - n0):
            row = x[(n0 + i) * classes : (n0 + i + 1) * classes]
            best = row[0]
            for c in range(classes):
                best = larger(best, row[c])
            largest[i] = best
            subtract(row, best, powers[i * classes : (i + 1) * classes])
        for i in range(powers.size):
            powers[i] = exp(powers[i])
        for i in range(n1 - n0):
            mine = powers[i * classes : (i + 1) * classes]
            out = y[(n0 + i) * classes : (n0 + i + 1) * classes]
            added = mine[0] - mine[0]  # 0 of its type, or NaN
            for c in range(classes):
                added += mine[c]
            if logarithm:
                row, best = x[(n0 + i) * classes : (n0 + i + 1) * classes], largest[i]
                rest = y.dtype.type(math.log(added))
                for c in range(classes):
                    out[c] = row[c] - best - rest
            else:
                for c in range(classes):
                    out[c] = mine[c] / added


@compiled(parallel=True)
def backward_rows(g, y, dx, room, geometry):
    """dx = y·(g - Σ g·y), or g - e^y·Σ g"""
    outer, classes, _, logarithm = geometry
    for block in prange((outer + ROWS - 1) // ROWS):
        n0, n1 = block * ROWS, min(outer, block * ROWS + ROWS)
        part = slice(n0 * classes, n1 * classes)
        out, gs, ys = dx[part], g[part], y[part]
        if logarithm:
            for i in range(out.size):
                out[i] = exp(ys[i])
        else:
            copy(ys, out)
        for i in range(n1 - n0):
            mine, given = out[i * classes : (i + 1) * classes], gs[i * classes : (i + 1) * classes]
            added = given[0] - given[0]
            if logarithm:
                for c in range(classes):
                    added += given[c]
                for c in range(classes):
                    mine[c] = given[c] - mine[c] * added
            else:
                for c in range(classes):
                    added += given[c] * mine[c]
                for c in range(classes):
                    mine[c] *= given[c] - added


@compiled(parallel=True)
def forward_lanes(x, y, room, geometry):
    """As forward_rows, along the inner axis."""
    outer, classes, width, logarithm = geometry
    blocks = (width + ROWS - 1) // ROWS
    for task in prange(outer * blocks):
        o, i0 = task // blocks, task % blocks * ROWS
        lanes = min(width - i0, ROWS)
        largest = room[2 * task * ROWS : 2 * task * ROWS + lanes]
        sums = room[(2 * task + 1) * ROWS : (2 * task + 1) * ROWS + lanes]
        first = o * classes * width + i0
        copy(x[first : first + lanes], largest)
        for c in range(1, classes):
            here = x[first + c * width : first + c * width + lanes]
            for i in range(lanes):
                largest[i] = larger(largest[i], here[i])
        fill(sums, 0)
        for c in range(classes):
            here = x[first + c * width : first + c * width + lanes]
            out = y[first + c * width : first + c * width + lanes]
            for i in range(lanes):
                out[i] = exp(here[i] - largest[i])
                sums[i] += out[i]
        if logarithm:
            for i in range(lanes):
                sums[i] = log(sums[i])
        for c in range(classes):
            here = x[first + c * width : first + c * width + lanes]
            out = y[first + c * width : first + c * width + lanes]
            if logarithm:
                for i in range(lanes):
                    out[i] = here[i] - largest[i] - sums[i]
            else:
                for i in range(lanes):
                    out[i] /= sums[i]


@compiled(parallel=True)
def backward_lanes(g, y, dx, room, geometry):
    """As backward_rows, along the inner axis."""
    outer, classes, width, logarithm = geometry
    blocks = (width + ROWS - 1) // ROWS
    for task in prange(outer * blocks):
        o, i0 = task // blocks, task % blocks * ROWS
        lanes = min(width - i0, ROWS)
        sums = room[2 * task * ROWS : 2 * task * ROWS + lanes]
        first = o * classes * width + i0
        fill(sums, 0)
        for c in range(classes):
            given = g[first + c * width : first + c * width + lanes]
            here = y[first + c * width : first + c * width + lanes]
            if logarithm:
                for i in range(lanes):
                    sums[i] += given[i]
            else:
                for i in range(lanes):
                    sums[i] += given[i] * here[i]
        for c in range(classes):
            given = g[first + c * width : first + c * width + lanes]
            here = y[first + c * width : first + c * width + lanes]
            out = dx[first + c * width : first + c * width + lanes]
            if logarithm:
                for i in range(lanes):
                    out[i] = given[i] - exp(here[i]) * sums[i]
            else:
                for i in range(lanes):
                    out[i] = here[i] * (given[i] - sums[i])
