"""The compiled loops behind cpu_numba.py, in short loops over a block that stays in the cache.

`rows`: the classes of a row lie side by side, and the exponentials of all rows of a block are taken in one loop. A
block is so many rows as stay in the nearest cache.
`lanes`: number i of class c of an outer index lies at c·inner + i, and all loops go along i.
"""

from __future__ import annotations

import math

from numba import prange

from ..batch_norm.loops import products_of, sum_of
from ..compiled import compiled, inner
from ..elementary import exp, larger, log
from ..slices import copy, fill

ROWS = 64  # of one task, at most
NUMBERS = 4096  # of one task, if it has more rows than one

_sum, _products = sum_of.dispatcher, products_of.dispatcher


@inner
def subtract(row, best, mine):
    """mine = row - best"""
    for c in range(mine.size):
        mine[c] = row[c] - best


@compiled(parallel=True)
def forward_rows(x, y, largest, geometry):
    """y = softmax of each row, or its logarithm."""
    outer, classes, rows, logarithm = geometry
    for block in prange((outer + rows - 1) // rows):
        n0, n1 = block * rows, min(outer, block * rows + rows)
        for n in range(n0, n1):
            row = x[n * classes : (n + 1) * classes]
            best = row[0]
            for c in range(classes):
                best = larger(best, row[c])
            largest[n] = best
            subtract(row, best, y[n * classes : (n + 1) * classes])
        powers = y[n0 * classes : n1 * classes]
        for i in range(powers.size):
            powers[i] = exp(powers[i])
        for n in range(n0, n1):
            out = y[n * classes : (n + 1) * classes]
            added = _sum(out)
            if logarithm:
                row, best = x[n * classes : (n + 1) * classes], largest[n]
                rest = y.dtype.type(math.log(added))
                for c in range(classes):
                    out[c] = row[c] - best - rest
            else:
                for c in range(classes):
                    out[c] /= added


@compiled(parallel=True)
def backward_rows(g, y, dx, room, geometry):
    """dx = y·(g - Σ g·y), or g - e^y·Σ g"""
    outer, classes, rows, logarithm = geometry
    for block in prange((outer + rows - 1) // rows):
        n0, n1 = block * rows, min(outer, block * rows + rows)
        if logarithm:
            out, ys = dx[n0 * classes : n1 * classes], y[n0 * classes : n1 * classes]
            for i in range(out.size):
                out[i] = exp(ys[i])
        for n in range(n0, n1):
            part = slice(n * classes, (n + 1) * classes)
            given, here, out = g[part], y[part], dx[part]
            if logarithm:
                added = _sum(given)
                for c in range(classes):
                    out[c] = given[c] - out[c] * added
            else:
                added, _ = _products(given, here, y.dtype.type(0))
                for c in range(classes):
                    out[c] = here[c] * (given[c] - added)


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
