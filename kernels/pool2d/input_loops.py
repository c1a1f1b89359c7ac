"""The compiled loops behind cpu_numba.py that go back: the gradient of the input, on (planes, H, W, lanes).

Windows that lie side by side without a gap (`tiled`) write every pixel of theirs once, and a task is a row of them.
All others add to it, and then one task has the whole plane of a block of lanes, so that every pixel is added up by one
thread in a fixed order. `room` holds one row of pixels for each thread: LLVM makes vectors of `slope` only if it reads
from one array and writes to another.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from ..activation.loops import slope
from ..compiled import compiled, inner
from ..slices import copy, fill
from .loops import clip, pairs

LANES = 64  # of one task, where a task is a whole plane
LINE = 16  # at least a cache line between the rooms of two threads


@inner
def room_of_thread(room, count):
    """`count` numbers that no other thread writes to."""
    start = get_thread_id() * (count + LINE)
    return room[start : start + count]


@inner
def begin_row(dx, room, plane, h, geometry):
    """Where row h of dx before the activation is to be written; nothing lies right of the last window."""
    lanes, H, W, KW, OW, function = geometry[1], geometry[2], geometry[3], geometry[5], geometry[7], geometry[14]
    first = (plane * H + h) * W * lanes
    row = room_of_thread(room, W * lanes) if function else dx[first : first + W * lanes]
    fill(row[min(W, OW * KW) * lanes :], 0)
    return row


@inner
def finish_row(row, y, dx, plane, h, geometry):
    """dx = row times the slope of the activation; nothing lies below the last window."""
    lanes, H, W, KH, OH, function = geometry[1], geometry[2], geometry[3], geometry[4], geometry[6], geometry[14]
    first = (plane * H + h) * W * lanes
    if function:
        slope(row, y[first : first + W * lanes], dx[first : first + W * lanes], function)
    if h == min(H, OH * KH) - 1:
        fill(dx[first + W * lanes : (plane + 1) * H * W * lanes], 0)


@inner
def max_back(g, argmax, y, dx, room, plane, oh, geometry):
    """The rows of dx below row oh of windows that lie side by side."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    for h in range(oh * KH, min(H, oh * KH + KH)):
        row = begin_row(dx, room, plane, h, geometry)
        if pairs(geometry):
            first = (plane * OH + oh) * OW
            part, where, start = g[first : first + OW], argmax[first : first + OW], np.int32(h * W)
            zero = g.dtype.type(0)
            for i in range(OW):
                row[2 * i] = part[i] if where[i] == start + 2 * i else zero
                row[2 * i + 1] = part[i] if where[i] == start + 2 * i + 1 else zero
            finish_row(row, y, dx, plane, h, geometry)
            continue
        if lanes == 1:
            fill(row[: min(W, OW * KW)], 0)
            for out in range((plane * OH + oh) * OW, (plane * OH + oh + 1) * OW):
                w = argmax[out] - h * W
                if w >= 0 and w < W:  # no other window has this pixel
                    row[w] = g[out]
            finish_row(row, y, dx, plane, h, geometry)
            continue
        for ow in range(OW):
            out = ((plane * OH + oh) * OW + ow) * lanes
            part, where = g[out : out + lanes], argmax[out : out + lanes]
            for w in range(ow * KW, min(W, ow * KW + KW)):
                place = np.int32(h * W + w)
                here = row[w * lanes : (w + 1) * lanes]
                for i in range(lanes):
                    here[i] = part[i] if where[i] == place else 0
        finish_row(row, y, dx, plane, h, geometry)


@inner
def avg_back(g, scale, y, dx, room, plane, oh, geometry):
    """The rows of dx below row oh of windows that lie side by side."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    for h in range(oh * KH, min(H, oh * KH + KH)):
        row = begin_row(dx, room, plane, h, geometry)
        if pairs(geometry):
            first = (plane * OH + oh) * OW
            part, factors = g[first : first + OW], scale[oh * OW : (oh + 1) * OW]
            for i in range(OW):
                row[2 * i] = row[2 * i + 1] = factors[i] * part[i]
            finish_row(row, y, dx, plane, h, geometry)
            continue
        if lanes == 1:
            for ow in range(OW):
                value = scale[oh * OW + ow] * g[(plane * OH + oh) * OW + ow]
                for w in range(ow * KW, min(W, ow * KW + KW)):
                    row[w] = value
            finish_row(row, y, dx, plane, h, geometry)
            continue
        for ow in range(OW):
            out = ((plane * OH + oh) * OW + ow) * lanes
            part, factor = g[out : out + lanes], scale[oh * OW + ow]
            for w in range(ow * KW, min(W, ow * KW + KW)):
                here = row[w * lanes : (w + 1) * lanes]
                for i in range(lanes):
                    here[i] = factor * part[i]
        finish_row(row, y, dx, plane, h, geometry)


@compiled(parallel=True)
def max_input_tiled(g, argmax, y, dx, room, geometry):
    """As `max_input`, for windows that lie side by side."""
    OH = geometry[6]
    for task in prange(geometry[0] * OH):
        max_back(g, argmax, y, dx, room, task // OH, task % OH, geometry)


@compiled(parallel=True)
def avg_input_tiled(g, scale, y, dx, room, geometry):
    """As `avg_input`, for windows that lie side by side."""
    OH = geometry[6]
    for task in prange(geometry[0] * OH):
        avg_back(g, scale, y, dx, room, task // OH, task % OH, geometry)


@compiled(parallel=True)
def max_input(g, argmax, y, dx, room, geometry):
    """dx = the sum of the g whose window had its maximum there, times the slope of the activation before."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        clear(dx, plane, l0, count, geometry)
        for out in range(plane * OH * OW * lanes + l0, (plane + 1) * OH * OW * lanes, lanes):
            to = plane * H * W * lanes + l0
            for i in range(count):
                place = argmax[out + i]
                if place >= 0:
                    dx[to + place * lanes + i] += g[out + i]
        if function:
            multiply_by_slope(dx, y, room_of_thread(room, LANES), plane, l0, count, geometry)


@compiled(parallel=True)
def avg_input(g, scale, y, dx, room, geometry):
    """dx = the sum of scale · g over the windows that a pixel lies in, times the slope of the activation before."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        clear(dx, plane, l0, count, geometry)
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
        if function:
            multiply_by_slope(dx, y, room_of_thread(room, LANES), plane, l0, count, geometry)


@inner
def clear(dx, plane, l0, count, geometry):
    """dx = 0 of one block of lanes of one plane."""
    lanes, H, W = geometry[1], geometry[2], geometry[3]
    for place in range(plane * H * W, (plane + 1) * H * W):
        fill(dx[place * lanes + l0 : place * lanes + l0 + count], 0)


@inner
def multiply_by_slope(dx, y, mine, plane, l0, count, geometry):
    """dx = dx · f'(x) of one block of lanes of one plane, from y = f(x)."""
    lanes, H, W, function = geometry[1], geometry[2], geometry[3], geometry[14]
    for place in range(plane * H * W, (plane + 1) * H * W):
        first = place * lanes + l0
        here = dx[first : first + count]
        copy(here, mine[:count])
        slope(mine[:count], y[first : first + count], here, function)
