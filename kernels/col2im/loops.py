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
        x[plane * H * W : (plane + 1) * H * W] = 0
        for r in range(KH):
            for s in range(KW):
                row = (plane * KH + r) * KW + s
                first, last = inside_w[s]
                if first == last:
                    continue
                for oh in range(inside_h[r, 0], inside_h[r, 1]):
                    given = columns[(row * OH + oh) * OW + first : (row * OH + oh) * OW + last]
                    to = (plane * H + oh * sh - ph + r * dh) * W + first * sw - pw + s * dw
                    pixels = x[to : to + (last - first - 1) * sw + 1]
                    if sw == 1:
                        for i in range(last - first):
                            pixels[i] += given[i]
                    else:
                        for i in range(last - first):
                            pixels[i * sw] += given[i]
