"""Numba-CUDA: the kernels of pool2d.cu in Python, thread for thread. Look there for the loops in plain words."""

from __future__ import annotations

from numba import cuda

from .. import launch
from ..activation.gpu_numba import FUNCTIONS, slope
from ..dispatch import Plan
from ..gpu_windows import tap_at, windows_at
from . import Sizes
from .gpu_plan import TYPES, planned


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, forward whole numbers, too; Numba computes float16 no faster than it would float32."""
    if z.dtype.name not in TYPES[z.kind, z.direction] or z.dtype.name.endswith("float16"):
        return None
    kernel = {
        ("max", "forward"): max_forward, ("max", "input"): max_input, ("avg", "forward"): avg_forward,
        ("avg", "input"): avg_input,
    }[z.kind, z.direction]  # fmt: skip
    function = FUNCTIONS.index(z.epilogue[0]) if z.epilogue else -1
    return planned(z, kernel.flat, launch.numbers, function)


@launch.numba_device
def counting(o, length, taps, stride, padding, padded):
    """How many of the positions that window o covers count."""
    start = o * stride - padding
    end = min(start + taps, length + padding)
    return end - start if padded else min(end, length) - max(start, 0)


@launch.numba_device
def scale_of(oh, ow, fixed, x, geometry):
    """What the sum of a window is multiplied by: `fixed`, unless windows differ; a number of the array x's type."""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function = geometry
    if not counted:
        return fixed
    pixels = counting(oh, H, KH, sh, ph, padded) * counting(ow, W, KW, sw, pw, padded)
    return x.dtype.type(1 / pixels)


@launch.numba_kernel
def max_forward(x, y, argmax, lowest, geometry):
    """for each window, one thread: the largest number, NaN before all, and its place"""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function = geometry
    windows = OH * OW
    for i in range(cuda.grid(1), planes * windows, cuda.gridsize(1)):
        plane, window = i // windows, i % windows
        h0, w0 = window // OW * sh - ph, window % OW * sw - pw
        best, where = lowest, -1
        for r in range(KH):
            h = h0 + r * dh
            for s in range(KW):
                w = w0 + s * dw
                if 0 <= h < H and 0 <= w < W:
                    here = x[(plane * H + h) * W + w]
                    if here > best or where < 0 or here != here:
                        best, where = here, h * W + w
        y[i], argmax[i] = best, where


@launch.numba_kernel
def avg_forward(x, y, fixed, geometry):
    """for each window, one thread: the sum, times the scale"""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function = geometry
    windows = OH * OW
    for i in range(cuda.grid(1), planes * windows, cuda.gridsize(1)):
        plane, window = i // windows, i % windows
        oh, ow = window // OW, window % OW
        total = x.dtype.type(0)
        for r in range(KH):
            h = oh * sh - ph + r * dh
            for s in range(KW):
                w = ow * sw - pw + s * dw
                if 0 <= h < H and 0 <= w < W:
                    total += x[(plane * H + h) * W + w]
        y[i] = total * scale_of(oh, ow, fixed, x, geometry)


@launch.numba_kernel
def max_input(g, argmax, activated, dx, geometry):
    """for each pixel, one thread: the gradients of the windows whose maximum it was"""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function = geometry
    pixels = H * W
    for i in range(cuda.grid(1), planes * pixels, cuda.gridsize(1)):
        plane, pixel = i // pixels, i % pixels
        bottom, top = windows_at(pixel // W + ph, KH, sh, dh, OH)
        right, left = windows_at(pixel % W + pw, KW, sw, dw, OW)
        total = g.dtype.type(0)
        for oh in range(bottom, top - 1, -1):
            for ow in range(right, left - 1, -1):
                at = (plane * OH + oh) * OW + ow
                if argmax[at] == pixel:
                    total += g[at]
        if function >= 0:
            zero = g.dtype.type(0)
            total = slope(total, activated[i], zero, zero, zero, function, g.dtype.type)
        dx[i] = total


@launch.numba_kernel
def avg_input(g, activated, dx, fixed, geometry):
    """for each pixel, one thread: the gradients of the windows that it lies in, times their scales"""
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, counted, padded, function = geometry
    pixels = H * W
    for i in range(cuda.grid(1), planes * pixels, cuda.gridsize(1)):
        plane, h, w = i // pixels, i % pixels // W + ph, i % W + pw
        bottom, top = windows_at(h, KH, sh, dh, OH)
        right, left = windows_at(w, KW, sw, dw, OW)
        total = g.dtype.type(0)
        for oh in range(bottom, top - 1, -1):
            if tap_at(h, oh, sh, dh) < 0:
                continue
            for ow in range(right, left - 1, -1):
                if tap_at(w, ow, sw, dw) >= 0:
                    total += scale_of(oh, ow, fixed, g, geometry) * g[(plane * OH + oh) * OW + ow]
        if function >= 0:
            zero = g.dtype.type(0)
            total = slope(total, activated[i], zero, zero, zero, function, g.dtype.type)
        dx[i] = total
