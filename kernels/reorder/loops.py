"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled

BLOCK = 16  # 16 float32 are one cache line


@compiled(parallel=True)
def transpose(x, y, rows, columns):
    """y[column, row] = x[row, column], a strip of columns a task, 16×16 at a time."""
    for strip in prange((columns + BLOCK - 1) // BLOCK):
        c0, c1 = strip * BLOCK, min(columns, (strip + 1) * BLOCK)
        for r0 in range(0, rows, BLOCK):
            r1 = min(rows, r0 + BLOCK)
            for c in range(c0, c1):
                for r in range(r0, r1):
                    y[c * rows + r] = x[r * columns + c]
