"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled

ROWS = 64  # of one task


@compiled(parallel=True)
def softmax_cross_entropy(x, target, loss, p, N, classes, row, column, ignore_index):
    """p = softmax of each row; loss = -ln p[target]. x[n, c] is x[n·row + c·column]."""
    for block in prange((N + ROWS - 1) // ROWS):
        for n in range(block * ROWS, min(N, (block + 1) * ROWS)):
            largest = x[n * row]
            for c in range(1, classes):
                value = x[n * row + c * column]
                if value > largest or value != value:
                    largest = value
            total = largest - largest  # 0 of x's type (NaN if a score is NaN, and so is the loss)
            for c in range(classes):
                e = np.exp(x[n * row + c * column] - largest)
                p[n * row + c * column] = e
                total += e
            for c in range(classes):
                p[n * row + c * column] /= total
            t = target[n]
            if t == ignore_index:
                loss[n] = 0
            else:
                loss[n] = np.log(total) - (x[n * row + t * column] - largest)
