"""The compiled loops behind cpu_numba.py.

Each works on (planes, H, W, lanes): a task is one plane and a block of lanes, so the windows of a plane
add to dx from one thread, in a fixed order. `clip` gives the taps of a window that lie inside the image.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled, inner

LANES = 64  # of one task


@inner
def clip(first, taps, dilation, length):
    """The taps j with 0 ≤ first + j·dilation < length: from, to."""
    low = max(0, -(first // dilation))
    return low, max(low, min(taps, -((first - length) // dilation)))


@compiled(parallel=True)
def max_forward(x, y, argmax, geometry):
    """y = the maximum of each window, argmax = its place h·W + w (the first one; NaN wins; -1 for no place)."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        for oh in range(OH):
            r0, r1 = clip(oh * sh - ph, KH, dh, H)
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, dw, W)
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                for i in range(count):
                    y[out + i] = -np.inf
                    argmax[out + i] = -1
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = np.int32((oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw)
                        at = (plane * H * W + place) * lanes + l0
                        if r == r0 and s == s0:
                            for i in range(count):
                                y[out + i] = x[at + i]
                                argmax[out + i] = place
                        else:
                            for i in range(count):
                                here, best = x[at + i], y[out + i]
                                better = here > best or (here != here and best == best)
                                y[out + i] = here if better else best
                                argmax[out + i] = place if better else argmax[out + i]


@compiled(parallel=True)
def max_input(g, argmax, dx, geometry):
    """dx = the sum of the g whose window had its maximum there."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        for place in range(H * W):
            at = (plane * H * W + place) * lanes + l0
            for i in range(count):
                dx[at + i] = 0
        for oh in range(OH):
            for ow in range(OW):
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                for i in range(count):
                    place = argmax[out + i]
                    if place >= 0:
                        dx[(plane * H * W + place) * lanes + l0 + i] += g[out + i]


@compiled(parallel=True)
def avg_forward(x, scale, y, geometry):
    """y = scale · the sum of each window."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        for oh in range(OH):
            r0, r1 = clip(oh * sh - ph, KH, dh, H)
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, dw, W)
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                for i in range(count):
                    y[out + i] = 0
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = (oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw
                        at = (plane * H * W + place) * lanes + l0
                        for i in range(count):
                            y[out + i] += x[at + i]
                for i in range(count):
                    y[out + i] *= scale[oh * OW + ow]


@compiled(parallel=True)
def avg_input(g, scale, dx, geometry):
    """dx = the sum of scale · g over the windows that a pixel lies in."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        for place in range(H * W):
            at = (plane * H * W + place) * lanes + l0
            for i in range(count):
                dx[at + i] = 0
        for oh in range(OH):
            r0, r1 = clip(oh * sh - ph, KH, dh, H)
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, dw, W)
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                factor = scale[oh * OW + ow]
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = (oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw
                        at = (plane * H * W + place) * lanes + l0
                        for i in range(count):
                            dx[at + i] += factor * g[out + i]
