"""Numba-CUDA: the kernels of nll.cu in Python, thread for thread. Look there for the loops."""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_losses import NONE, finish_losses, reduce_losses
from ..gpu_teams import MOST_THREADS, place, team_sum
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in launch.FLOATS:
        return None
    kernels = {"forward": forward, "finish": finish, "input": input_gradient}
    return planned(z, lambda kernel: kernels[kernel].flat, launch.numbers)


@launch.numba_kernel
def forward(x, target, weight, loss, total, parts, hard, soft, ignore_index, geometry):
    """for each row, one team: the loss; and the total"""
    N, classes, reduction, weighted, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    rows, row, member = place(members, apart)
    added, divisor = 0.0, 0.0
    for block_row in range(cuda.blockIdx.x * rows, N, cuda.gridDim.x * rows):
        n = block_row + row
        first, mine = n * classes, classes if n < N else 0
        smooth = x.dtype.type(0)
        if soft != 0:
            for c in range(member, mine, members):
                smooth += weight[c] * x[first + c] if weighted else x[first + c]
            smooth = soft * x.dtype.type(team_sum(smooth, room, members, apart))
        if member == 0 and n < N:
            t = target[n]
            here = x.dtype.type(0)
            if t != ignore_index and classes > 0:
                here = x.dtype.type(np.nan)
                if 0 <= t < classes:
                    w = weight[t] if weighted else x.dtype.type(1)
                    here = -hard * w * x[first + t] - smooth
                    divisor += w
            loss[n] = here
            added += here
    reduce_losses(added, divisor, reduction, room, parts, total)


@launch.numba_kernel
def finish(parts, count, reduction, total):
    """one block: the total of the others' parts"""
    room = cuda.shared.array(MOST_THREADS, np.float64)
    finish_losses(parts, count, reduction, room, total)


@launch.numba_kernel
def input_gradient(grad, target, total, weight, dx, hard, soft, ignore_index, geometry):
    """for each number of dx, one thread: -grad · factor · its share in the loss"""
    N, classes, reduction, weighted, members, apart = geometry
    zero, one = dx.dtype.type(0), dx.dtype.type(1)
    for i in range(cuda.grid(1), N * classes, cuda.gridsize(1)):
        n, c = i // classes, i % classes
        t = target[n]
        if t == ignore_index:
            dx[i] = 0
        elif t < 0 or t >= classes:
            dx[i] = np.nan
        else:
            given = grad[n if reduction == NONE else 0]
            share = soft + hard if c == t else soft
            dx[i] = zero - total[1] * given * share * (weight[c] if weighted else one)
