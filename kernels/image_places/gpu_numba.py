"""Numba-CUDA: the kernels of image_places.cu in Python. Look there for the drawing."""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..dropout.gpu_numba import HALF, philox
from . import Sizes, gpu_plan

u8, i8 = np.uint64, np.int64


def plan(z: Sizes) -> Plan | None:
    """Every batch of fewer than 2³¹ images."""
    return gpu_plan.plan(z, drawn, fixed, tuple(np.int64(number) for number in z.numbers().values()))


@launch.numba_kernel
def drawn(numbers, places, state, size, threshold, top, left, left_if_mirrored, rows, columns):
    """The windows by the threads of one block, and the state moved on"""
    seed, offset = state[0], state[1]
    for n in range(cuda.threadIdx.x, size, cuda.blockDim.x):
        w0, w1, w2, _ = philox(seed, offset + u8(n))
        mirrored = w2 < threshold
        places[4 * n] = numbers[n]
        places[4 * n + 1] = top + i8((u8(w0) * u8(rows)) >> HALF)
        places[4 * n + 2] = (left_if_mirrored if mirrored else left) + i8((u8(w1) * u8(columns)) >> HALF)
        places[4 * n + 3] = mirrored
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        state[1] = offset + u8(size)


@launch.numba_kernel
def fixed(numbers, places, size, top, left, left_if_mirrored, rows, columns):
    """The same window of every image"""
    for n in range(cuda.grid(1), size, cuda.gridsize(1)):
        places[4 * n] = numbers[n]
        places[4 * n + 1], places[4 * n + 2], places[4 * n + 3] = top, left, 0
