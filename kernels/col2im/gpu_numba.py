"""Numba-CUDA: the kernel of col2im.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gpu_windows import tap_at, windows_at
from . import Sizes
from .gpu_plan import planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    return planned(z, col2im.flat, launch.numbers) if z.dtype.name in launch.FLOATS else None


@launch.numba_kernel
def col2im(columns, x, geometry):
    """for each pixel, one thread: the numbers that came from it, r ascending, then s"""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    pixels = H * W
    for i in range(cuda.grid(1), planes * pixels, cuda.gridsize(1)):
        plane, h, w = i // pixels, i % pixels // W + ph, i % W + pw
        bottom, top = windows_at(h, KH, sh, dh, OH)
        right, left = windows_at(w, KW, sw, dw, OW)
        total = x.dtype.type(0)
        for oh in range(bottom, top - 1, -1):
            r = tap_at(h, oh, sh, dh)
            if r < 0:
                continue
            for ow in range(right, left - 1, -1):
                s = tap_at(w, ow, sw, dw)
                if s >= 0:
                    total += columns[(((plane * KH + r) * KW + s) * OH + oh) * OW + ow]
        x[i] = total
