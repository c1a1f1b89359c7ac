"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled


@compiled(parallel=True)
def col2im(columns, x, inside_h, inside_w, geometry):
    """for each plane (in parallel)
        x[plane] = 0
        for each tap r, s: its row of the columns, laid over the image where the tap looked, is added

    Windows overlap, planes do not: all that a pixel receives comes from one thread, in the order r, s.
    """
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    for plane in prange(planes):
        for i in range(plane * H * W, (plane + 1) * H * W):
            x[i] = 0
        for r in range(KH):
            for s in range(KW):
                row = (plane * KH + r) * KW + s
                first, last = inside_w[s]
                for oh in range(inside_h[r, 0], inside_h[r, 1]):
                    at = (row * OH + oh) * OW
                    to = (plane * H + oh * sh - ph + r * dh) * W - pw + s * dw
                    for ow in range(first, last):
                        x[to + ow * sw] += columns[at + ow]
