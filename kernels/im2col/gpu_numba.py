"""Numba-CUDA: the kernel of im2col.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numba import cuda

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes) -> Plan | None:
    """Numbers of up to 8 bytes, which are only moved."""
    if z.dtype.itemsize not in (1, 2, 4, 8):
        return None
    bits = f"u{z.dtype.itemsize}"
    windows = z.N * z.C * z.OH * z.OW
    geometry = (windows, z.H, z.W, z.KH, z.KW, z.OH, z.OW, *z.stride, *z.padding, *z.dilation)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        im2col(windows, ins[0].reshape(-1).view(bits), outs[0].reshape(-1).view(bits), geometry)

    return Plan("a window a thread", (layout.PLAIN,), (Output(z.columns_shape, z.dtype),), 0, run)


@launch.numba_kernel
def im2col(x, columns, geometry):
    """for each window (plane, oh, ow), one thread: its KH·KW pixels, written down a column"""
    windows, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    pixels = OH * OW
    for i in range(cuda.grid(1), windows, cuda.gridsize(1)):
        plane, pixel = i // pixels, i % pixels
        h0, w0 = pixel // OW * sh - ph, pixel % OW * sw - pw
        for r in range(KH):
            h = h0 + r * dh
            for s in range(KW):
                w = w0 + s * dw
                to = ((plane * KH + r) * KW + s) * pixels + pixel
                if 0 <= h < H and 0 <= w < W:
                    columns[to] = x[(plane * H + h) * W + w]
                else:
                    columns[to] = 0
