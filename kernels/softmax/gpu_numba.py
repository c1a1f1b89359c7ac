"""Numba-CUDA: the kernels of softmax.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_teams import MOST_THREADS, place, team_largest, team_sum
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in launch.FLOATS:
        return None
    return planned(z, (forward if z.direction == "forward" else backward).flat, launch.numbers)


@launch.numba_kernel
def forward(x, y, geometry):
    """for each row, one team: its softmax, or the logarithm"""
    outer, classes, inner, logarithm, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    rows, row, member = place(members, apart)
    for block_row in range(cuda.blockIdx.x * rows, outer * inner, cuda.gridDim.x * rows):
        o, i = (block_row + row) // inner, (block_row + row) % inner
        first, mine = o * classes * inner + i, classes if o < outer else 0
        best = x.dtype.type(-np.inf)
        for c in range(member, mine, members):
            best = max(best, x[first + c * inner])
        best = x.dtype.type(team_largest(best, room, members, apart))
        total = x.dtype.type(0)
        for c in range(member, mine, members):
            total += math.exp(x[first + c * inner] - best)
        total = x.dtype.type(team_sum(total, room, members, apart))
        rest = math.log(total) if mine > 0 else total
        for c in range(member, mine, members):
            here = x[first + c * inner] - best
            y[first + c * inner] = here - rest if logarithm else math.exp(here) / total


@launch.numba_kernel
def backward(g, y, dx, geometry):
    """for each row, one team: the gradient"""
    outer, classes, inner, logarithm, members, apart = geometry
    room = cuda.shared.array(MOST_THREADS, np.float64)
    rows, row, member = place(members, apart)
    for block_row in range(cuda.blockIdx.x * rows, outer * inner, cuda.gridDim.x * rows):
        o, i = (block_row + row) // inner, (block_row + row) % inner
        first, mine = o * classes * inner + i, classes if o < outer else 0
        total = g.dtype.type(0)
        for c in range(member, mine, members):
            at = first + c * inner
            total += g[at] if logarithm else g[at] * y[at]
        total = g.dtype.type(team_sum(total, room, members, apart))
        for c in range(member, mine, members):
            at = first + c * inner
            dx[at] = g[at] - math.exp(y[at]) * total if logarithm else y[at] * (g[at] - total)
