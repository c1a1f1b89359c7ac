"""The compiled loop behind cpu_numba.py, and the transpose of one block, which other kernels use too."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled, inner
from ..simd import side, transpose_square

BLOCK = 64  # rows and columns of one task: what it reads and writes stays in the first cache


@inner
def transpose_block(x, x0, ldx, y, y0, ldy, rows, columns):
    """y[column, row] = x[row, column] of one block: squares in the registers, the rest number by number."""
    step = side(x)
    whole_rows, whole_columns = rows // step * step, columns // step * step
    for r in range(0, whole_rows, step):
        for c in range(0, whole_columns, step):
            transpose_square(x, x0 + r * ldx + c, ldx, y, y0 + c * ldy + r, ldy)
    for r in range(rows):
        for c in range(whole_columns if r < whole_rows else 0, columns):
            y[y0 + c * ldy + r] = x[x0 + r * ldx + c]


@compiled(parallel=True)
def transpose(x, y, rows, columns):
    """y[column, row] = x[row, column], a block a task."""
    across = (columns + BLOCK - 1) // BLOCK
    for task in prange((rows + BLOCK - 1) // BLOCK * across):
        r, c = task // across * BLOCK, task % across * BLOCK
        transpose_block(
            x, r * columns + c, columns, y, c * rows + r, rows, min(BLOCK, rows - r), min(BLOCK, columns - c)
        )
