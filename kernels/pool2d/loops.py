"""The compiled loops behind cpu_numba.py.

Each works on (planes, H, W, lanes): a task is a row of windows of one plane. `clip` gives the taps of a
window that lie inside the image. Going back, windows that lie side by side without a gap (`tiled`) write
every pixel of theirs once; all others add to it, and then one task has the whole plane of a block of lanes,
so that every pixel is added up by one thread in a fixed order. `room` holds one row of pixels for each thread:
LLVM makes vectors of `slope` only if it reads from one array and writes to another.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, prange

from ..activation.loops import slope
from ..compiled import compiled, inner

LANES = 64  # of one task, where a task is a whole plane
LINE = 16  # at least a cache line between the rooms of two threads


@inner
def clip(first, taps, dilation, length):
    """The taps j with 0 ≤ first + j·dilation < length: from, to."""
    if dilation == 1:  # without the divisions, which take longer than a window of a few images
        low = max(0, -first)
        return low, max(low, min(taps, length - first))
    low = max(0, -(first // dilation))
    return low, max(low, min(taps, -((first - length) // dilation)))


@inner
def larger(best, where, here, place):
    """The larger of `best` (found at `where`) and `here` (at `place`): the first of equal ones, NaN before all."""
    better = (here > best) | ((here != here) & (best == best))
    return (here if better else best), (place if better else where)


@inner
def maximum(x, first, row, rows, column, columns, place, row_places, column_places, best, where):
    """best = the maximum of one window, where = its place (the first one; NaN wins; -1 for no place).

    The window's first pixel is x[first] and lies at `place`; its rows are `row` numbers and `row_places`
    places apart, its columns `column` and `column_places`.
    """
    count = best.size
    if rows == 0 or columns == 0:
        best[:] = -np.inf
        where[:] = -1
        return
    if rows == 2 and columns == 2:  # the usual window: each number of x, best and where is touched once
        a, b = x[first : first + count], x[first + column : first + column + count]
        c, d = x[first + row : first + row + count], x[first + row + column : first + row + column + count]
        for i in range(count):
            value, at = a[i], np.int32(place)
            value, at = larger(value, at, b[i], np.int32(place + column_places))
            value, at = larger(value, at, c[i], np.int32(place + row_places))
            value, at = larger(value, at, d[i], np.int32(place + row_places + column_places))
            best[i], where[i] = value, at
        return
    best[:] = x[first : first + count]
    where[:] = np.int32(place)
    for tap in range(1, rows * columns):
        r, s = tap // columns, tap % columns
        at = first + r * row + s * column
        here, mine = x[at : at + count], np.int32(place + r * row_places + s * column_places)
        for i in range(count):
            best[i], where[i] = larger(best[i], where[i], here[i], mine)


@inner
def average(x, first, row, rows, column, columns, factor, total):
    """total = factor · the sum of one window, from x[first] on; see `maximum`."""
    count = total.size
    if rows == 2 and columns == 2:  # the usual window: each number of x and of total is touched once
        a, b = x[first : first + count], x[first + column : first + column + count]
        c, d = x[first + row : first + row + count], x[first + row + column : first + row + column + count]
        for i in range(count):
            total[i] = (a[i] + b[i] + c[i] + d[i]) * factor
        return
    total[:] = 0
    for tap in range(rows * columns):
        at = first + tap // columns * row + tap % columns * column
        here = x[at : at + count]
        for i in range(count):
            total[i] += here[i]
    for i in range(count):
        total[i] *= factor


@compiled(parallel=True)
def max_forward(x, y, argmax, geometry):
    """y = the maximum of each window, argmax = its place h·W + w."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, tiled, function = geometry
    for task in prange(planes * OH):
        plane, oh = task // OH, task % OH
        r0, r1 = clip(oh * sh - ph, KH, dh, H)
        for ow in range(OW):
            s0, s1 = clip(ow * sw - pw, KW, dw, W)
            place = (oh * sh - ph + r0 * dh) * W + ow * sw - pw + s0 * dw
            out = (task * OW + ow) * lanes
            maximum(
                x, (plane * H * W + place) * lanes, dh * W * lanes, r1 - r0, dw * lanes, s1 - s0, place, dh * W, dw,
                y[out : out + lanes], argmax[out : out + lanes],
            )  # fmt: skip


@compiled(parallel=True)
def avg_forward(x, scale, y, geometry):
    """y = scale · the sum of each window."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, tiled, function = geometry
    for task in prange(planes * OH):
        plane, oh = task // OH, task % OH
        r0, r1 = clip(oh * sh - ph, KH, dh, H)
        for ow in range(OW):
            s0, s1 = clip(ow * sw - pw, KW, dw, W)
            place = (oh * sh - ph + r0 * dh) * W + ow * sw - pw + s0 * dw
            out = (task * OW + ow) * lanes
            average(
                x, (plane * H * W + place) * lanes, dh * W * lanes, r1 - r0, dw * lanes, s1 - s0,
                scale[oh * OW + ow], y[out : out + lanes],
            )  # fmt: skip


@inner
def room_of_thread(room, count):
    """`count` numbers that no other thread writes to."""
    start = get_thread_id() * (count + LINE)
    return room[start : start + count]


@inner
def finish_row(row, y, dx, h, plane, geometry):
    """The end of a row of pixels: nothing right of the last window, and the slope of the activation."""
    lanes, H, W, KW, OW, function = geometry[1], geometry[2], geometry[3], geometry[5], geometry[7], geometry[15]
    row[min(W, OW * KW) * lanes :] = 0
    if function:
        at = (plane * H + h) * W * lanes
        slope(row, y[at : at + W * lanes], dx[at : at + W * lanes], function)


@inner
def clear_rows(dx, oh, plane, geometry):
    """Nothing below the last window."""
    lanes, H, W, KH, OH = geometry[1], geometry[2], geometry[3], geometry[4], geometry[6]
    if oh == OH - 1:
        dx[(plane * H + min(H, OH * KH)) * W * lanes : (plane + 1) * H * W * lanes] = 0


@compiled(parallel=True)
def max_input(g, argmax, y, dx, room, geometry):
    """dx = the sum of the g whose window had its maximum there, times the slope of the activation before."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, tiled, function = geometry
    if tiled:
        for task in prange(planes * OH):
            plane, oh = task // OH, task % OH
            for h in range(oh * KH, min(H, oh * KH + KH)):
                first = (plane * H + h) * W * lanes
                row = room_of_thread(room, W * lanes) if function else dx[first : first + W * lanes]
                for ow in range(OW):
                    out = (task * OW + ow) * lanes
                    part, where = g[out : out + lanes], argmax[out : out + lanes]
                    for w in range(ow * KW, min(W, ow * KW + KW)):
                        place = np.int32(h * W + w)
                        here = row[w * lanes : (w + 1) * lanes]
                        for i in range(lanes):
                            here[i] = part[i] if where[i] == place else 0
                finish_row(row, y, dx, h, plane, geometry)
            clear_rows(dx, oh, plane, geometry)
        return
    blocks = (lanes + LANES - 1) // LANES
    for task in prange(planes * blocks):
        plane, l0 = task // blocks, task % blocks * LANES
        count = min(LANES, lanes - l0)
        for place in range(H * W):
            at = (plane * H * W + place) * lanes + l0
            dx[at : at + count] = 0
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
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, tiled, function = geometry
    if tiled:
        for task in prange(planes * OH):
            plane, oh = task // OH, task % OH
            for h in range(oh * KH, min(H, oh * KH + KH)):
                first = (plane * H + h) * W * lanes
                row = room_of_thread(room, W * lanes) if function else dx[first : first + W * lanes]
                for ow in range(OW):
                    out = (task * OW + ow) * lanes
                    part, factor = g[out : out + lanes], scale[oh * OW + ow]
                    for w in range(ow * KW, min(W, ow * KW + KW)):
                        here = row[w * lanes : (w + 1) * lanes]
                        for i in range(lanes):
                            here[i] = factor * part[i]
                finish_row(row, y, dx, h, plane, geometry)
            clear_rows(dx, oh, plane, geometry)
        return
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
        if function:
            multiply_by_slope(dx, y, room_of_thread(room, LANES), plane, l0, count, geometry)


@inner
def multiply_by_slope(dx, y, mine, plane, l0, count, geometry):
    """dx = dx · f'(x) of one block of lanes of one plane, from y = f(x)."""
    lanes, H, W, function = geometry[1], geometry[2], geometry[3], geometry[15]
    for place in range(plane * H * W, (plane + 1) * H * W):
        first = place * lanes + l0
        here = dx[first : first + count]
        mine[:count] = here
        slope(mine[:count], y[first : first + count], here, function)
