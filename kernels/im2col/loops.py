"""The compiled loop behind cpu_numba.py."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled


@compiled(parallel=True)
def im2col(x, columns, inside_h, inside_w, geometry):
    """A row (plane, r, s) of the columns is the image as tap (r, s) sees it, one output row after the other:

    0 0 0 0 0        output rows above inside_h[r]: border
    0 a b c 0        from inside_w[s, 0] to inside_w[s, 1] the pixels, `stride` apart, border beside
    0 d e f 0
    """
    planes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    for row in prange(planes * KH * KW):
        plane, r, s = row // (KH * KW), row // KW % KH, row % KW
        first, last = inside_w[s]
        for oh in range(OH):
            line = columns[(row * OH + oh) * OW : (row * OH + oh + 1) * OW]
            if oh < inside_h[r, 0] or oh >= inside_h[r, 1] or first == last:
                line[:] = 0
                continue
            line[:first] = 0
            line[last:] = 0
            at = (plane * H + oh * sh - ph + r * dh) * W + first * sw - pw + s * dw
            seen, pixels = line[first:last], x[at : at + (last - first - 1) * sw + 1]
            if sw == 1:
                seen[:] = pixels
            else:
                for i in range(last - first):
                    seen[i] = pixels[i * sw]
