"""Numba-CUDA: the kernels of softmax_cross_entropy.cu in Python, thread for thread. Look there for the loops."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_losses import NONE, finish_losses, reduce_losses
from ..gpu_teams import MOST_THREADS, place, team_largest, team_sum
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in launch.FLOATS:
        return None
    kernels = {"forward": forward, "finish": finish, "input": input_gradient}
    return planned(z, lambda kernel: kernels[kernel].flat, launch.numbers)


@launch.numba_kernel
def forward(x, target, loss, p, total, parts, ignore_index, geometry):
    """for each row, one team: p and loss; and the total"""
    N, classes, reduction, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    rows, row, member = place(members, apart)
    added, count = 0.0, 0.0
    for block_row in range(cuda.blockIdx.x * rows, N, cuda.gridDim.x * rows):
        n = block_row + row
        first, mine = n * classes, classes if n < N else 0
        best = x.dtype.type(-np.inf)
        for c in range(member, mine, members):
            best = max(best, x[first + c])
        best = x.dtype.type(team_largest(best, room, members, apart))
        powers = x.dtype.type(0)
        for c in range(member, mine, members):
            powers += math.exp(x[first + c] - best)
        powers = x.dtype.type(team_sum(powers, room, members, apart))
        for c in range(member, mine, members):
            p[first + c] = math.exp(x[first + c] - best) / powers
        if member == 0 and n < N:
            t = target[n]
            here = x.dtype.type(0)
            if t != ignore_index:
                here = x.dtype.type(np.nan)
                if 0 <= t < classes:
                    here = x.dtype.type(math.log(powers) - (x[first + t] - best))
                count += 1
            loss[n] = here
            added += here
    reduce_losses(added, count, reduction, room, parts, total)


@launch.numba_kernel
def finish(parts, count, reduction, total):
    """one block: the total of the others' parts"""
    room = cuda.shared.array(MOST_THREADS, np.float64)
    finish_losses(parts, count, reduction, room, total)


@launch.numba_kernel
def input_gradient(p, target, grad, total, dx, ignore_index, geometry):
    """for each number of dx, one thread: (p - one-hot) · grad · factor"""
    N, classes, reduction, members, apart = geometry
    for i in range(cuda.grid(1), N * classes, cuda.gridsize(1)):
        n, c = i // classes, i % classes
        t = target[n]
        if t == ignore_index:
            dx[i] = 0
        elif t < 0 or t >= classes:
            dx[i] = np.nan
        else:
            given = grad[n if reduction == NONE else 0]
            hit = p.dtype.type(1 if c == t else 0)
            dx[i] = (p[i] - hit) * (total[1] * given)
