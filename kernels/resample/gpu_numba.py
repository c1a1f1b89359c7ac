"""Numba-CUDA: the kernel of resample.cu in Python, thread for thread. Look there for the loops."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    return gpu_plan.plan(z, resample, launch.numbers, z.dtype)


@launch.numba_kernel
def resample(
    x, y, row_start, row_index, row_weight, column_start, column_index, column_weight, count, geometry
):  # fmt: skip
    """for each pixel of y, one thread: the weighted sum over its rows and columns of x"""
    H, W, OH, OW = geometry
    for place in range(cuda.grid(1), count, cuda.gridsize(1)):
        row, j = place // OW, place % OW
        plane, i = row // OH, row % OH
        total = y.dtype.type(0)
        for s in range(column_start[j], column_start[j + 1]):
            inner = y.dtype.type(0)
            for t in range(row_start[i], row_start[i + 1]):
                inner += row_weight[t] * x[(plane * H + row_index[t]) * W + column_index[s]]
            total += column_weight[s] * inner
        y[place] = total
