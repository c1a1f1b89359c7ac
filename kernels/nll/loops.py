"""The compiled loops behind cpu_numba.py: x[n, c] is x[n·row + c·column], shares are 1 - s and s/C."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled

ROWS = 256  # of one task


@compiled(parallel=True)
def forward(x, target, weight, loss, total, shares, geometry):
    """loss of each row, and what the losses are reduced to."""
    N, classes, row, column, ignore_index, reduction = geometry
    hard, soft = shares[0], shares[1]
    for block in prange((N + ROWS - 1) // ROWS):
        for n in range(block * ROWS, min(N, block * ROWS + ROWS)):
            t = target[n]
            if t == ignore_index:
                loss[n] = 0
                continue
            here = -hard * weight[t] * x[n * row + t * column]
            if soft != 0:
                added = here - here
                for c in range(classes):
                    added += weight[c] * x[n * row + c * column]
                here -= soft * added
            loss[n] = here
    total[0], total[1] = 0, 1
    if reduction:
        added, divisor = 0.0, 0.0
        for n in range(N):
            added += loss[n]
            if target[n] != ignore_index:
                divisor += weight[target[n]]
        total[0] = added
        if reduction == 2:
            total[0] = added / divisor  # 0 / 0 is NaN, as in PyTorch
            total[1] = 1.0 / divisor if divisor != 0 else np.nan


@compiled(parallel=True)
def backward(grad, target, total, weight, dx, shares, geometry):
    """dx = grad · factor · ∂loss/∂x"""
    N, classes, row, column, ignore_index, reduction = geometry
    hard, soft = shares[0], shares[1]
    for block in prange((N + ROWS - 1) // ROWS):
        for n in range(block * ROWS, min(N, block * ROWS + ROWS)):
            factor = total[1] * (grad[n] if reduction == 0 else grad[0])
            t = target[n]
            if t == ignore_index or soft == 0:
                for c in range(classes):
                    dx[n * row + c * column] = 0
            else:
                for c in range(classes):
                    dx[n * row + c * column] = -factor * soft * weight[c]
            if t != ignore_index:
                dx[n * row + t * column] -= factor * hard * weight[t]
