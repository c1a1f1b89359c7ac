"""Numba-CUDA: the kernel of tally.cu in Python. Look there for the drawing."""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

MOST_THREADS = 1024


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    return gpu_plan.plan(z, tally) if z.dtype.name in ("float32", "float64") else None


@launch.numba_kernel
def tally(loss, scores, labels, total, hits, rows, classes):
    """The sums moved on by one block"""
    counts = cuda.shared.array(MOST_THREADS, np.int32)
    mine = 0
    for n in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
        row = scores[n * classes : (n + 1) * classes]
        best = 0
        for c in range(1, classes):
            if row[c] > row[best] or (row[c] != row[c] and row[best] == row[best]):
                best = c
        mine += labels[n] == best
    counts[cuda.threadIdx.x] = mine
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if cuda.threadIdx.x < half:
            counts[cuda.threadIdx.x] += counts[cuda.threadIdx.x + half]
        cuda.syncthreads()
        half //= 2
    if cuda.threadIdx.x == 0:
        total[0] += np.float64(loss[0]) * rows
        hits[0] += counts[0]
