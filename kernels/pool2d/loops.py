"""The compiled loops behind cpu_numba.py that go forward; input_loops.py goes back.

Each works on (planes, H, W, lanes): a task is a row of windows of one plane. `clip` gives the taps of a window that
lie inside the image.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..batch_norm.loops import sum_of
from ..compiled import compiled, inlined, inner
from ..elementary import larger as highest
from ..slices import copy, fill

_sum = sum_of.dispatcher


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
    """The larger of `best` (found at `where`) and `here` (at `place`): the first of equal ones; NaN before all, and
    of several the last, as in PyTorch."""
    better = (here > best) | (here != here)
    return (here if better else best), (place if better else where)


@inner
def maximum(x, first, row, rows, column, columns, place, row_places, column_places, best, where):
    """best = the maximum of one window, where = its place (the first one; NaN wins; -1 for no place).

    The window's first pixel is x[first] and lies at `place`; its rows are `row` numbers and `row_places`
    places apart, its columns `column` and `column_places`.
    """
    count = best.size
    if rows == 0 or columns == 0:
        fill(best, -np.inf)
        fill(where, -1)
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
    copy(x[first : first + count], best)
    fill(where, np.int32(place))
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
    fill(total, 0)
    for tap in range(rows * columns):
        at = first + tap // columns * row + tap % columns * column
        here = x[at : at + count]
        for i in range(count):
            total[i] += here[i]
    for i in range(count):
        total[i] *= factor


@inlined
def max_row(x, first, W, rows, place, best, where):
    """A row of windows of 2×2 or 1×2 that lie side by side, of one image: its pixels lie side by side, too."""
    count = best.size
    upper = x[first : first + 2 * count]
    if rows == 1:
        for i in range(count):
            at = np.int32(place + 2 * i)
            best[i], where[i] = larger(upper[2 * i], at, upper[2 * i + 1], np.int32(place + 2 * i + 1))
        return
    lower = x[first + W : first + W + 2 * count]
    for i in range(count):
        at = np.int32(place + 2 * i)
        value, at = larger(upper[2 * i], at, upper[2 * i + 1], np.int32(place + 2 * i + 1))
        value, at = larger(value, at, lower[2 * i], np.int32(place + W + 2 * i))
        value, at = larger(value, at, lower[2 * i + 1], np.int32(place + W + 2 * i + 1))
        best[i], where[i] = value, at


@inlined
def average_row(x, first, W, rows, factors, total):
    """As `max_row`: the averages."""
    count = total.size
    upper = x[first : first + 2 * count]
    if rows == 1:
        for i in range(count):
            total[i] = (upper[2 * i] + upper[2 * i + 1]) * factors[i]
        return
    lower = x[first + W : first + W + 2 * count]
    for i in range(count):
        total[i] = (upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1]) * factors[i]


@inner
def pairs(geometry):
    """Whether a task is a row of windows of 2×2 or 1×2 that lie side by side within one image."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    side_by_side = sh == KH and sw == 2 and dh == 1 and dw == 1 and ph == 0 and pw == 0
    return lanes == 1 and side_by_side and KH <= 2 and KW == 2 and KH * OH <= H and 2 * OW <= W


@inner
def reach(first, step, length, outs):
    """The outputs o with 0 ≤ first + o·step < length: from, to."""
    low = max(0, -(first // step))
    return low, max(low, min(outs, (length - 1 - first) // step + 1))


@inlined
def take_larger(here, step, first, best, where):
    """A tap of a row of windows, `step` numbers apart: each is taken where it is larger than what was there before."""
    for i in range(best.size):
        candidate = here[i * step]
        better = (candidate > best[i]) | (where[i] < 0) | (candidate != candidate)  # as `larger`
        best[i] = candidate if better else best[i]
        where[i] = np.int32(first + i * step) if better else where[i]


@inlined
def add_tap(here, step, total):
    """As `take_larger`: each is added."""
    for i in range(total.size):
        total[i] += here[i * step]


@inner
def max_by_taps(x, start, rows, row_step, best, where, geometry):
    """A row of windows of one image: for all windows at once tap by tap, for the lanes are neighbours there.

    `rows` are the rows of the image that the windows see, from, to, `row_step` apart; the image begins at x[start].
    """
    W, KW, OW, sw, pw, dw = geometry[3], geometry[5], geometry[7], geometry[9], geometry[11], geometry[13]
    fill(best, -np.inf)
    fill(where, np.int32(-1))
    for h in range(rows[0], rows[1], row_step):
        for s in range(KW):
            low, high = reach(s * dw - pw, sw, W, OW)
            first = h * W + low * sw + s * dw - pw
            here = x[start + first :]
            if sw == 1:  # steps that LLVM knows: vectors
                take_larger(here, 1, first, best[low:high], where[low:high])
            elif sw == 2:
                take_larger(here, 2, first, best[low:high], where[low:high])
            else:
                take_larger(here, sw, first, best[low:high], where[low:high])


@inner
def average_by_taps(x, start, rows, row_step, factors, total, geometry):
    """As `max_by_taps`: total = factors · the sum of each window."""
    W, KW, OW, sw, pw, dw = geometry[3], geometry[5], geometry[7], geometry[9], geometry[11], geometry[13]
    fill(total, 0)
    for h in range(rows[0], rows[1], row_step):
        for s in range(KW):
            low, high = reach(s * dw - pw, sw, W, OW)
            here, part = x[start + h * W + low * sw + s * dw - pw :], total[low:high]
            if sw == 1:
                add_tap(here, 1, part)
            elif sw == 2:
                add_tap(here, 2, part)
            else:
                add_tap(here, sw, part)
    for i in range(OW):
        total[i] *= factors[i]


@inner
def max_of_window(x, first, step, rows, columns, place):
    """The maximum of one window of one image, and its place: vectors along its rows, `step` numbers apart, and of a row
    that has a larger one than those before a look where that is."""
    best, where = x.dtype.type(-np.inf), -1
    for h in range(rows * (columns > 0)):
        row = x[first + h * step : first + h * step + columns]
        top = row[0]
        for i in range(1, columns):
            top = highest(top, row[i])
        if top > best or where < 0 or top != top:
            at = columns - 1
            for i in range(columns - 1, -1, -1):  # so that the first of equal ones stays, and the last NaN
                at = i if row[i] == top else at
                if row[i] != row[i]:
                    at = i
                    break
            best, where = row[at], place + h * step + at
    return best, where


@compiled(parallel=True)
def max_forward(x, y, argmax, geometry):
    """y = the maximum of each window, argmax = its place h·W + w."""
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    side_by_side = pairs(geometry)
    for task in prange(planes * OH):
        plane, oh = task // OH, task % OH
        if side_by_side:
            row = slice(task * OW, (task + 1) * OW)
            max_row(x, (plane * H + KH * oh) * W, W, KH, KH * oh * W, y[row], argmax[row])
            continue
        r0, r1 = clip(oh * sh - ph, KH, dh, H)
        if lanes == 1 and KW > OW and dw == 1:  # more numbers side by side than windows
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, 1, W)
                place = (oh * sh - ph + r0 * dh) * W + ow * sw - pw + s0
                best, where = max_of_window(x[plane * H * W :], place, dh * W, r1 - r0, s1 - s0, place)
                y[task * OW + ow], argmax[task * OW + ow] = best, where
            continue
        if lanes == 1:
            row, rows = slice(task * OW, (task + 1) * OW), (oh * sh - ph + r0 * dh, oh * sh - ph + r1 * dh)
            max_by_taps(x, plane * H * W, rows, dh, y[row], argmax[row], geometry)
            continue
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
    planes, lanes, H, W, KH, KW, OH, OW, sh, sw, ph, pw, dh, dw, function = geometry
    side_by_side = pairs(geometry)
    for task in prange(planes * OH):
        plane, oh = task // OH, task % OH
        if side_by_side:
            row = slice(task * OW, (task + 1) * OW)
            average_row(x, (plane * H + KH * oh) * W, W, KH, scale[oh * OW : (oh + 1) * OW], y[row])
            continue
        r0, r1 = clip(oh * sh - ph, KH, dh, H)
        if lanes == 1 and KW > OW and dw == 1:  # more numbers side by side than windows
            for ow in range(OW):
                s0, s1 = clip(ow * sw - pw, KW, 1, W)
                total = x.dtype.type(0)
                for h in range(oh * sh - ph + r0 * dh, oh * sh - ph + r1 * dh, dh):
                    first = (plane * H + h) * W + ow * sw - pw + s0
                    total += _sum(x[first : first + s1 - s0])
                y[task * OW + ow] = total * scale[oh * OW + ow]
            continue
        if lanes == 1:
            row, rows = slice(task * OW, (task + 1) * OW), (oh * sh - ph + r0 * dh, oh * sh - ph + r1 * dh)
            average_by_taps(x, plane * H * W, rows, dh, scale[oh * OW : (oh + 1) * OW], y[row], geometry)
            continue
        for ow in range(OW):
            s0, s1 = clip(ow * sw - pw, KW, dw, W)
            place = (oh * sh - ph + r0 * dh) * W + ow * sw - pw + s0 * dw
            out = (task * OW + ow) * lanes
            average(
                x, (plane * H * W + place) * lanes, dh * W * lanes, r1 - r0, dw * lanes, s1 - s0,
                scale[oh * OW + ow], y[out : out + lanes],
            )  # fmt: skip
