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
                best, where = y[out : out + count], argmax[out : out + count]
                best[:] = -np.inf
                where[:] = -1
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = np.int32((oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw)
                        at = (plane * H * W + place) * lanes + l0
                        here = x[at : at + count]
                        if r == r0 and s == s0:
                            best[:] = here
                            where[:] = place
                        else:
                            for i in range(count):
                                better = (here[i] > best[i]) | ((here[i] != here[i]) & (best[i] == best[i]))
                                best[i] = here[i] if better else best[i]
                                where[i] = place if better else where[i]


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
            dx[at : at + count] = 0
        for oh in range(OH):
            for ow in range(OW):
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                to = plane * H * W * lanes + l0
                for i in range(count):
                    place = argmax[out + i]
                    if place >= 0:
                        dx[to + place * lanes + i] += g[out + i]


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
                total = y[out : out + count]
                total[:] = 0
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = (oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw
                        at = (plane * H * W + place) * lanes + l0
                        here = x[at : at + count]
                        for i in range(count):
                            total[i] += here[i]
                factor = scale[oh * OW + ow]
                for i in range(count):
                    total[i] *= factor


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
            dx[at : at + count] = 0
        for oh in range(OH):
            r0, r1 = clip(oh * sh - ph, KH, dh, H)
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, dw, W)
                out = ((plane * OH + oh) * OW + ow) * lanes + l0
                part = g[out : out + count]
                factor = scale[oh * OW + ow]
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        place = (oh * sh - ph + r * dh) * W + ow * sw - pw + s * dw
                        at = (plane * H * W + place) * lanes + l0
                        here = dx[at : at + count]
                        for i in range(count):
                            here[i] += factor * part[i]
