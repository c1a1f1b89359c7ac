"""Numba-CUDA: the kernel of image_batch.cu in Python, thread for thread."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan


def plan(z: Sizes) -> Plan | None:
    """Numbers of up to 8 bytes: all but complex ones."""
    return gpu_plan.plan(z, assemble, launch.numbers) if z.dtype.itemsize in (1, 2, 4, 8) else None


@launch.numba_kernel
def assemble(images, places, table, y, count, geometry):
    """for each pixel of the batch, one thread: its byte, looked up in the table"""
    C, H, W, OH, OW, right, channel = geometry
    for index in range(cuda.grid(1), count, cuda.gridsize(1)):
        row, j = index // OW, index % OW
        plane, i = row // OH, row % OH
        n, c = plane // C, plane % C
        h = places[4 * n + 1] + i
        w = places[4 * n + 2] + (OW - 1 - j if places[4 * n + 3] else j)
        byte = 0
        if 0 <= h < H and 0 <= w < W:
            byte = int(images[places[4 * n] * C * H * W + c * channel + (h * W + w) * right])
        y[index] = table[256 * c + byte]
