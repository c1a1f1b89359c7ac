"""The compiled loops of `forward` and `input`. Arrays are 1-d memory; the index arithmetic is written out.

`geometry` holds the lengths that every loop needs; `phases`, `valid`, `offsets`, `tasks` are made by the
plan (see data_plan.py for what their columns mean). `code` is the machine code of `tiles`.
"""

from __future__ import annotations

from numba import get_thread_id, prange

from ..activation.loops import apply_activation
from ..compiled import compiled, inner
from ..gemm.loops import times_slope
from ..pool2d.loops import average, maximum
from ..simd import copy_runs
from ..slices import copy, fill
from ..tile import tiles

SMALL = 4096  # weights that one thread rearranges sooner than two
TOGETHER = 8  # channels that are copied side by side: as many streams are read at once


@compiled(parallel=True)
def rearrange(w, pack, packed):
    """packed = w[pack]: the filters in the order in which `tiles` wants them."""
    if pack.size > SMALL:
        for i in prange(pack.size):
            packed[i] = w[pack[i]]
    else:  # sooner done than shared out
        for i in range(pack.size):
            packed[i] = w[pack[i]]


@inner
def fill_panel(x, x0, panel, p0, phase, q0, q1, c0, c1, S, SH, SW, N, lanes, width, one_row, count):
    """What the pixels of columns c0 … c1 in rows q0 … q1 see, copied together: panel[row, column, channel, image].

    In x, channels are an image apart. Where that is a power of two they all fall into the same few sets of the
    cache, and push each other out before the next filters come; `count` images of a panel stay, and lie in the
    order in which they are wanted.
    """
    first_row, first_column = phase[3] + q0 * phase[4], phase[8] + c0 * phase[9]
    extent, columns = (phase[16] - 1) * phase[14], (c1 - c0 - 1) * phase[9] + (phase[17] - 1) * phase[15] + 1
    low, high = max(0, -first_column), min(columns, SW - first_column)
    apart = phase[14] if one_row else 1
    for row in range((q1 - q0 - 1) * phase[4] // apart + extent // apart + 1):
        ih = first_row + row * apart
        if 0 <= ih < SH and row % phase[4] <= extent and high > low:
            for c in range(0, S, TOGETHER):
                copy_runs(
                    x, x0 + ((c * SH + ih) * SW + first_column + low) * N, N, SH * SW * N,
                    panel, p0 + ((row * width + low) * S + c) * lanes, S * lanes, lanes,
                    high - low, min(TOGETHER, S - c), count,
                )  # fmt: skip


@inner
def activate(y, activated, first, count, room, function):
    """y[first …] = f(y), or with `activated` = f(…) (if it is not None) times the slope of f; `room` has place for
    `count` numbers."""
    if activated is None:
        apply_activation(y[first : first + count], function)
    else:
        times_slope(y[first : first + count], activated[first : first + count], room[:count], function)


@inner
def activate_row(y, activated, room, phase, k, oh, TH, TW, N, l0, count, function):
    """The activation, or its gradient, of one row of one channel, as far as this phase and these images go."""
    first, runs = ((k * TH + oh) * TW + phase[6]) * N + l0, phase[5]
    if phase[7] == 1 and count == N:  # the pixels lie side by side
        runs, count = 1, runs * N
    for i in range(runs):
        activate(y, activated, first + i * phase[7] * N, count, room, function)


@inner
def pool_rows(y, pooled, argmax, quarter, k, oh, TH, TW, N, l0, count):
    """Rows oh and oh + 1 of one channel to one row of `pooled`, as the kernel pool2d would: their averages, or
    with `argmax` their maxima."""
    for column in range(TW // 2):
        place = oh * TW + 2 * column
        first = (k * TH * TW + place) * N + l0
        out = ((k * (TH // 2) + oh // 2) * (TW // 2) + column) * N + l0
        best = pooled[out : out + count]
        if argmax.size == 0:
            average(y, first, TW * N, 2, N, 2, quarter[0], best)
        else:
            maximum(y, first, TW * N, 2, N, 2, place, TW, 1, best, argmax[out : out + count])


@inner
def finish(y, activated, pooled, argmax, quarter, room, phase, q0, q1, k0, k1, TH, TW, N, l0, count, function):
    """The rest of the epilogue, for rows q0 … q1 of one phase, channels k0 … k1 and `count` images from l0 on."""
    if function:
        for q in range(q0, q1):
            for k in range(k0, k1):
                activate_row(y, activated, room, phase, k, phase[1] + q * phase[2], TH, TW, N, l0, count, function)
    if pooled.size:
        for q in range(q0, q1 - 1, 2):
            for k in range(k0, k1):
                pool_rows(y, pooled, argmax, quarter, k, q, TH, TW, N, l0, count)


@compiled(parallel=True)
def direct(
    code, x, packed, bias, activated, y, pooled, argmax, quarter, offsets, phases, valid, tasks, geometry, panel
):  # fmt: skip
    """Batch-last: the lanes are the images, and a row of output pixels is a few calls of `tiles`.

    for each band of output rows of each phase, some channels k, some images n (in parallel)
        for each row, each stretch of pixels that have the same valid taps (r, s, c)
            y[k, pixel, n] = bias[k] + Σ over the taps: w[k, c, r, s] · x[c, …, n]
        the activation or its gradient, and the pooling, while the rows are in the cache

    With a `panel`, what a band sees is copied together before; its numbers are: images at a time, columns at a time,
    columns of the source, where the first one starts, its size, images of a vector, whether a band is one row.
    `pooled`, `argmax` and `panel` are empty where they are not wanted: for each None Numba compiles all of this anew.
    `activated` is None all the same, for with it the compiled epilogue is a seventh slower.
    """
    S, R, SH, SW, TH, TW, N, _groups, taps, mode, function, filters = geometry
    source = x if panel.size == 0 else packed
    for task in prange(tasks.shape[0]):
        group, p, q0, q1, k0, k1, l0, l1 = tasks[task]
        phase = phases[p]
        lanes, block, width, mine = l1 - l0, phase[5], 0, 0
        if panel.size:
            lanes, block, width, mine = panel[0], panel[1], panel[2], panel[3] + get_thread_id() * panel[4]
        count = phase[16] * phase[11]
        w0 = (group * taps + phase[10]) * R + k0 * count
        for step in range(l0, l1, lanes):
            n = step if panel.size == 0 else min(step, max(l0, l1 - panel[5]))
            images = min(lanes, l1 - n)
            x0 = group * S * SH * SW * N + n
            for c0 in range(0, phase[5], block):
                c1 = min(c0 + block, phase[5])
                if panel.size:
                    fill_panel(x, x0, packed, mine, phase, q0, q1, c0, c1, S, SH, SW, N, lanes, width, panel[6], images)
                for q in range(q0, q1):
                    oh = phase[1] + q * phase[2]
                    r0, r1 = valid[phase[12] + q]
                    column = c0
                    while column < c1:
                        s0, s1 = valid[phase[13] + column]
                        end = column + 1
                        while end < c1 and valid[phase[13] + end, 0] == s0 and valid[phase[13] + end, 1] == s1:
                            end += 1
                        if panel.size == 0:
                            at = x0 + ((phase[3] + q * phase[4]) * SW + phase[8] + column * phase[9]) * N
                            x_pixel = phase[9] * N
                        else:
                            x_pixel = phase[9] * S * lanes
                            at = mine + (q - q0) * phase[4] * width * S * lanes + (column - c0) * x_pixel
                        y_pixel = phase[7] * N
                        pixels, L = end - column, images
                        if panel.size == 0 and x_pixel == L and y_pixel == L:  # then the lanes run through the pixels
                            pixels, L = 1, pixels * L
                        rows, row = r1 - r0, (s1 - s0) * S
                        if row == phase[11]:  # whole rows of taps: they lie side by side in the table
                            rows, row = min(rows, 1), rows * row
                        ow = phase[6] + column * phase[7]
                        k = group * R + k0
                        tiles(
                            code, source, at,
                            offsets, phase[10], r0 * phase[11] + s0 * S, rows, phase[11], row,
                            packed, w0, 0, count, k1 - k0,
                            y, ((k * TH + oh) * TW + ow) * N + n, TH * TW * N, L, bias, k, mode,
                            pixels, x_pixel, y_pixel,
                        )  # fmt: skip
                        column = end
        line = packed[filters + (0 if activated is None else get_thread_id() * TW * N) :]
        finish(
            y, activated, pooled, argmax, quarter, line, phase, q0, q1, group * R + k0, group * R + k1, TH, TW, N, l0,
            l1 - l0, function,
        )  # fmt: skip


@inner
def take(x, first, step, target):
    """target = x[first :: step]"""
    if step == 1:
        copy(x[first : first + target.size], target)
    elif step == 2:
        pairs = x[first : first + 2 * target.size]  # the last number may be missing, and is not read
        for i in range(target.size):
            target[i] = pairs[2 * i]
    else:
        for i in range(target.size):
            target[i] = x[first + i * step]


@inner
def fill_planes(x, x0, planes, p0, phase, q0, q1, S, SH, SW, size):
    """The source rows that rows q0 … q1 of one phase see, with zeros around: planes[channel, a, b, row, column].

    A stride deals out the rows and columns to planes: a and b are what remains of them. Then neighbouring output
    pixels see neighbouring numbers through every tap, over the ends of the rows, too.
    """
    step_h, step_w, pitch = phase[4], phase[9], phase[18]
    extent_h, extent_w = (phase[16] - 1) * phase[14], (phase[17] - 1) * phase[15]
    to = p0
    for c in range(S):
        for a in range(min(step_h, extent_h + 1)):
            for b in range(min(step_w, extent_w + 1)):
                first = phase[8] + b
                low = max(0, min(pitch, -(first // step_w)))
                high = max(low, min(pitch, -((first - SW) // step_w)))
                for row in range(q1 - q0 + extent_h // step_h):
                    ih = phase[3] + (q0 + row) * step_h + a
                    here = planes[to + row * pitch : to + (row + 1) * pitch]
                    if 0 <= ih < SH:
                        fill(here[:low], 0)
                        take(x, x0 + (c * SH + ih) * SW + first + low * step_w, step_w, here[low:high])
                        fill(here[high:], 0)
                    else:
                        fill(here, 0)
                to += size


@compiled(parallel=True)
def planes(code, x, w, packed, bias, y, offsets, phases, tasks, geometry, room):
    """Plain order, small batch: the lanes are the pixels of a band of rows, one after the other.

    for each image, group, band of output rows of each phase, some channels k (in parallel)
        what the band sees is copied, with zeros around; not where every tap lies inside the image
        out[k, pixel] = bias[k] + Σ over the taps: w[k, c, r, s] · copy[c, …, pixel]
        y[k, band] = out, without the pixels between two rows

    `room` (numbers of the copies of one thread, of its `out`) says what each thread has of `packed`.
    """
    S, R, SH, SW, TH, TW, N, groups, taps, mode, function, filters = geometry
    weights = packed if filters else w
    bands = tasks.shape[0]
    for task in prange(N * groups * bands):
        image, group = task // (groups * bands), task // bands % groups
        p, q0, q1, k0, k1 = tasks[task % bands]
        phase = phases[p]
        count, pitch = phase[16] * phase[11], phase[18]
        mine = filters + get_thread_id() * (room[0] + room[1])
        x0 = (image * groups + group) * S * SH * SW
        source, at = packed, mine
        if phase[19]:
            fill_planes(x, x0, packed, mine, phase, q0, q1, S, SH, SW, phase[19])
        else:
            source, at = x, x0 + (phase[3] + q0) * SW + phase[8]
        k, target = group * R + k0, (image * groups + group) * R + k0
        whole = phase[7] == 1 and phase[2] == 1 and pitch == TW  # then the pixels lie side by side in y, too
        L = (q1 - q0 - 1) * pitch + phase[5]
        out, out0, ldy = packed, mine + room[0], (L + 15) // 16 * 16
        if whole:
            out, out0, ldy = y, (target * TH + q0) * TW, TH * TW
        w_tap, w_row = (0, count) if filters else (1, taps)
        w0 = (group * taps + phase[10]) * R + k0 * count
        tiles(
            code, source, at, offsets, phase[10], 0, 1, 0, count, weights, w0, w_tap, w_row, k1 - k0,
            out, out0, ldy, L, bias, k, mode, 1, 0, 0,
        )  # fmt: skip
        if function:
            for i in range(k1 - k0):
                apply_activation(out[out0 + i * ldy : out0 + i * ldy + L], function)
        if not whole:
            for i in range(k1 - k0):
                for q in range(q0, q1):
                    at = out0 + i * ldy + (q - q0) * pitch
                    to = ((target + i) * TH + phase[1] + q * phase[2]) * TW + phase[6]
                    row = out[at : at + phase[5]]
                    if phase[7] == 1:
                        copy(row, y[to : to + phase[5]])
                    else:
                        copy(row, y[to : to + (phase[5] - 1) * phase[7] + 1 : phase[7]])
