"""Numba-CUDA: the kernel of reorder.cu in Python, thread for thread. Look there for the drawing.

Numba has no templates: the tile has 64-bit numbers, whatever goes through it.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan
from .gpu_plan import SIDE

WIDTH = SIDE + 1  # of a row of the tile


def plan(z: Sizes) -> Plan | None:
    """Numbers of 1, 2, 4 or 8 bytes: all but complex ones."""
    return gpu_plan.plan(z, transpose)


@launch.numba_kernel
def transpose(x, y, rows, columns):
    """y[c, r] = x[r, c], a tile a block"""
    tile = cuda.shared.array((SIDE, WIDTH), np.uint64)
    lane, warp, warps = cuda.threadIdx.x % SIDE, cuda.threadIdx.x // SIDE, cuda.blockDim.x // SIDE
    across = (columns + SIDE - 1) // SIDE
    for number in range(cuda.blockIdx.x, (rows + SIDE - 1) // SIDE * across, cuda.gridDim.x):
        r0, c0 = number // across * SIDE, number % across * SIDE
        for r in range(warp, SIDE, warps):
            if r0 + r < rows and c0 + lane < columns:
                tile[r, lane] = x[(r0 + r) * columns + c0 + lane]
        cuda.syncthreads()
        for c in range(warp, SIDE, warps):
            if c0 + c < columns and r0 + lane < rows:
                y[(c0 + c) * rows + r0 + lane] = tile[lane, c]
        cuda.syncthreads()  # the next tile takes the same place
