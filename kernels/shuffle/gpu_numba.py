"""Numba-CUDA: the kernel of shuffle.cu in Python, thread for thread."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan


def plan(z: Sizes) -> Plan:
    """Every case."""
    return gpu_plan.plan(z, shuffle)


@launch.numba_kernel
def shuffle(partners, order, n):
    """order = 0 … n-1, and then the exchanges, by one thread"""
    for i in range(cuda.threadIdx.x, n, cuda.blockDim.x):
        order[i] = i
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        for i in range(n - 1):
            other, mine = partners[i], order[i]
            order[i] = order[other]
            order[other] = mine
