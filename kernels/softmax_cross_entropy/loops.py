"""The compiled loops behind cpu_numba.py: x[n, c] is x[n·row + c·column].

A block of rows goes through four short loops: the largest score of each row, e^(score - largest), the sums, the
quotients. Batch-last, all four run over the rows of the block, one class after the other; in plain order the
exponentials run over all scores of the block at once. Either way they are vectors.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..batch_norm.loops import sum_of
from ..compiled import compiled, inner
from ..elementary import exp, larger
from ..slices import copy, fill

ROWS = 64  # of one task, at most

_sum = sum_of.dispatcher


@inner
def losses(x, target, largest, total, loss, first, geometry):
    """loss of the rows from `first` on, whose largest scores and sums of exponentials are known."""
    N, classes, row, column, ignore_index, reduction = geometry
    for i in range(largest.size):
        t = target[first + i]
        if t == ignore_index:
            loss[first + i] = 0
        elif 0 <= t < classes:
            loss[first + i] = math.log(total[i]) - (x[(first + i) * row + t * column] - largest[i])
        else:
            loss[first + i] = np.nan


@inner
def reduce(loss, target, total, geometry):
    """total = the reduced loss, and what the gradient of each row is multiplied by."""
    N, classes, row, column, ignore_index, reduction = geometry
    total[0], total[1] = 0, 1
    if reduction == 0:
        return
    added, count = 0.0, 0
    for n in range(N):
        added += loss[n]
        count += target[n] != ignore_index
    total[0] = added
    if reduction == 2:
        total[0] = added / count  # 0 / 0 is NaN, as in PyTorch
        total[1] = 1.0 / count if count else np.nan


@compiled(parallel=True)
def forward_rows(x, target, loss, p, total, room, geometry):
    """p = softmax of each row, loss = -ln p[target]; the classes of a row lie side by side."""
    N, classes = geometry[0], geometry[1]
    for block in prange((N + ROWS - 1) // ROWS):
        n0, n1 = block * ROWS, min(N, block * ROWS + ROWS)
        part = p[n0 * classes : n1 * classes]
        largest, sums = loss[n0:n1], room[n0:n1]
        for i in range(n1 - n0):
            row = x[(n0 + i) * classes : (n0 + i + 1) * classes]
            best = row[0]
            for c in range(classes):
                best = larger(best, row[c])
            largest[i] = best
            mine = part[i * classes : (i + 1) * classes]
            for c in range(classes):
                mine[c] = row[c] - best
        for i in range(part.size):
            part[i] = exp(part[i])
        for i in range(n1 - n0):
            mine = part[i * classes : (i + 1) * classes]
            added = _sum(mine)
            sums[i] = added
            for c in range(classes):
                mine[c] /= added
        losses(x, target, largest, sums, loss, n0, geometry)
    reduce(loss, target, total, geometry)


@compiled(parallel=True)
def forward_lanes(x, target, loss, p, total, room, geometry):
    """As forward_rows; the rows lie side by side."""
    N, classes = geometry[0], geometry[1]
    for block in prange((N + ROWS - 1) // ROWS):
        n0, n1 = block * ROWS, min(N, block * ROWS + ROWS)
        largest, sums = loss[n0:n1], room[n0:n1]
        copy(x[n0:n1], largest)
        for c in range(1, classes):
            here = x[c * N + n0 : c * N + n1]
            for i in range(n1 - n0):
                largest[i] = larger(largest[i], here[i])
        fill(sums, 0)
        for c in range(classes):
            here, out = x[c * N + n0 : c * N + n1], p[c * N + n0 : c * N + n1]
            for i in range(n1 - n0):
                out[i] = exp(here[i] - largest[i])
                sums[i] += out[i]
        for c in range(classes):
            out = p[c * N + n0 : c * N + n1]
            for i in range(n1 - n0):
                out[i] /= sums[i]
        losses(x, target, largest, sums, loss, n0, geometry)
    reduce(loss, target, total, geometry)


@compiled(parallel=True)
def backward(p, target, grad, total, dx, geometry):
    """dx = grad · factor · (p - one-hot(target))"""
    N, classes, row, column, ignore_index, reduction = geometry
    for block in prange((N + ROWS - 1) // ROWS):
        for n in range(block * ROWS, min(N, block * ROWS + ROWS)):
            factor = total[1] * (grad[n] if reduction == 0 else grad[0])
            t = target[n]
            if t == ignore_index:
                for c in range(classes):
                    dx[n * row + c * column] = 0
            else:
                for c in range(classes):
                    dx[n * row + c * column] = p[n * row + c * column] * factor
                if 0 <= t < classes:
                    at = n * row + t * column
                    dx[at] = (p[at] - p.dtype.type(1)) * factor
                else:
                    for c in range(classes):
                        dx[n * row + c * column] = np.nan
