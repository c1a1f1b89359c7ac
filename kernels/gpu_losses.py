"""losses.cuh for Numba-CUDA: what the losses of rows are reduced to."""

from __future__ import annotations

import numpy as np
from numba import cuda

from . import launch
from .gpu_teams import team_sum

NONE, SUM, MEAN = 0, 1, 2  # as losses.py numbers them


@launch.numba_device
def write_total(added, divisor, reduction, total):
    """The total, and the factor that goes with it."""
    nothing = reduction == MEAN and divisor == 0
    if reduction == MEAN:
        added = np.nan if nothing else added / divisor  # 0 / 0, or a NaN
    total[0] = 0.0 if reduction == NONE else added
    total[1] = 1.0 if reduction != MEAN else (np.nan if nothing else 1.0 / divisor)


@launch.numba_device
def reduce_losses(added, divisor, reduction, room, parts, total):
    """All threads of the block, each with what its own rows came to: its part of the total, or all of it."""
    if reduction != NONE:
        added = team_sum(added, room, cuda.blockDim.x, 1)
        divisor = team_sum(divisor, room, cuda.blockDim.x, 1)
    block = cuda.blockIdx.x
    if cuda.threadIdx.x == 0:
        if cuda.gridDim.x == 1 or (reduction == NONE and block == 0):
            write_total(added, divisor, reduction, total)
        elif reduction != NONE:
            parts[2 * block] = added
            parts[2 * block + 1] = divisor


@launch.numba_device
def finish_losses(parts, count, reduction, room, total):
    """One block, after all others have ended: the total of their parts."""
    added, divisor = 0.0, 0.0
    for part in range(cuda.threadIdx.x, count, cuda.blockDim.x):
        added += parts[2 * part]
        divisor += parts[2 * part + 1]
    added = team_sum(added, room, cuda.blockDim.x, 1)
    divisor = team_sum(divisor, room, cuda.blockDim.x, 1)
    if cuda.threadIdx.x == 0:
        write_total(added, divisor, reduction, total)
