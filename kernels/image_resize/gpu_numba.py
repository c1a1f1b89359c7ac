"""Numba-CUDA: the kernels of image_resize.cu in Python, thread for thread. Look there for why there are two."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import BITS, Sizes, gpu_plan

HALF, WHITE = 1 << (BITS - 1), 255


def plan(z: Sizes) -> Plan:
    """Every case."""
    return gpu_plan.plan(z, rows, columns, launch.numbers)


@launch.numba_kernel
def rows(images, numbers, first, weights, wide, count, geometry):
    """wide[n, c, h, j] = Σ over t of weights[t, j] · image n [c, h, first[j] + t]"""
    C, H, W, _, OW, taps, _, right, channel = geometry
    for index in range(cuda.grid(1), count, cuda.gridsize(1)):
        row, j = index // OW, index % OW
        plane, h = row // H, row % H
        n, c = plane // C, plane % C
        at = numbers[n] * C * H * W + c * channel + (h * W + first[j]) * right
        total = HALF
        for t in range(taps):
            total += weights[t * OW + j] * images[at + t * right]
        wide[index] = min(total >> BITS, WHITE)


@launch.numba_kernel
def columns(wide, first, weights, y, count, geometry):
    """y[n, c, i, j] = Σ over t of weights[i, t] · wide[n, c, first[i] + t, j]"""
    _, H, _, OH, OW, _, taps, _, _ = geometry
    for index in range(cuda.grid(1), count, cuda.gridsize(1)):
        row, j = index // OW, index % OW
        plane, i = row // OH, row % OH
        at = (plane * H + first[i]) * OW + j
        total = HALF
        for t in range(taps):
            total += weights[i * taps + t] * wide[at + t * OW]
        y[index] = min(total >> BITS, WHITE)
