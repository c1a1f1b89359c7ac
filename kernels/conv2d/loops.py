"""The compiled loops behind cpu_numba.py: forward and input (weight has weight_loops.py).

Arrays are 1-d memory; the index arithmetic is written out.
`geometry` holds the lengths that every loop needs; `phases`, `valid`, `offsets`, `tasks` are made by the
plan (see cpu_numba._tables for what their columns mean).
"""

from __future__ import annotations

from numba import get_thread_id, prange

from ..activation.loops import apply_activation
from ..compiled import compiled, inner
from ..gemm.loops import activate
from ..pool2d.loops import average, maximum
from ..simd import tile
from ..slices import copy, fill

SMALL = 4096  # weights that one thread rearranges sooner than two


@inner
def fill_panel(x, x0, panel, p0, phase, ih, r0, r1, c0, c1, S, SH, SW, N, lanes, count, width):
    """What the output pixels c0 … c1 of one row see, copied side by side: panel[tap row r, channel c, column].

    In x, channels are an image apart. Where that is a power of two they all fall into the same few sets of the
    cache, and push each other out before the next filters come; `count` images of a panel stay.
    """
    start = phase[8] + c0 * phase[9]
    low = max(0, -start)
    high = min((c1 - 1 - c0) * phase[9] + (phase[17] - 1) * phase[15] + 1, SW - start)
    for r in range(r0, r1):
        for c in range(S):
            at = x0 + ((c * SH + ih + r * phase[14]) * SW + start) * N
            to = p0 + (r * S + c) * width * lanes
            if count == N and high > low:
                copy(x[at + low * N : at + high * N], panel[to + low * lanes : to + high * lanes])
            else:
                for column in range(low, high):
                    first, here = at + column * N, to + column * lanes
                    copy(x[first : first + count], panel[here : here + count])


@inner
def activate_row(y, activated, room, phase, k, oh, TH, TW, N, function):
    """The activation, or its gradient, of one row of one channel, as far as this phase wrote it."""
    first = ((k * TH + oh) * TW + phase[6]) * N
    if phase[7] == 1:  # the pixels lie side by side
        activate(y, activated, first, phase[5] * N, room, function)
    else:
        for column in range(phase[5]):
            activate(y, activated, first + column * phase[7] * N, N, room, function)


@inner
def pool_rows(y, pooled, argmax, quarter, k, oh, TH, TW, N):
    """Rows oh and oh + 1 of one channel to one row of `pooled`, as the kernel pool2d would: their averages, or
    with `argmax` their maxima."""
    for column in range(TW // 2):
        place = oh * TW + 2 * column
        first = (k * TH * TW + place) * N
        out = ((k * (TH // 2) + oh // 2) * (TW // 2) + column) * N
        best = pooled[out : out + N]
        if argmax is None:
            average(y, first, TW * N, 2, N, 2, quarter[0], best)
        else:
            maximum(y, first, TW * N, 2, N, 2, place, TW, 1, best, argmax[out : out + N])


@compiled(parallel=True)
def direct(
    x, w, pack, packed, bias, activated, y, pooled, argmax, quarter, offsets, phases, valid, tasks, geometry, panel
):  # fmt: skip
    """Batch-last: the lanes are the images, so one output pixel of all images and channels is one `tile`.

    for each output row, or pair of rows to be pooled, of each phase (in parallel)
        for each output pixel of the row
            y[all k, pixel, all n] = bias[k] + Σ over its valid taps (r, s, c): w[k, c, r, s] · x[c, …, all n]
        the activation or its gradient, and the pooling, while the rows are in the cache

    `activated`, `pooled`, `argmax` and `panel` are None where they are not wanted: Numba leaves out what they are for.
    """
    S, R, SH, SW, TH, TW, N, groups, taps, mode, function = geometry
    if pack.size > SMALL:
        for i in prange(pack.size):
            packed[i] = w[pack[i]]
    else:  # sooner done than shared out
        gather(w, pack, packed)
    source = x if panel is None else packed
    for task in prange(tasks.shape[0]):
        group, p, q0, q1, k0, k1 = tasks[task]
        lanes, block, mine = N, TW, 0
        if panel is not None:
            lanes, block, mine = panel[0], panel[1], panel[3] + get_thread_id() * panel[4]
        phase = phases[p]
        for q in range(q0, q1):
            oh = phase[1] + q * phase[2]
            r0, r1 = valid[phase[12] + q]
            ih = phase[3] + q * phase[4]
            for l0 in range(0, N, lanes):
                count = min(lanes, N - l0)
                for c0 in range(0, phase[5], block):
                    c1 = min(c0 + block, phase[5])
                    if panel is not None:
                        x0 = group * S * SH * SW * N + l0
                        fill_panel(x, x0, packed, mine, phase, ih, r0, r1, c0, c1, S, SH, SW, N, lanes, count, panel[2])
                    for column in range(c0, c1):
                        ow = phase[6] + column * phase[7]
                        s0, s1 = valid[phase[13] + column]
                        iw = phase[8] + column * phase[9]
                        at = ((group * S * SH + ih) * SW + iw) * N
                        if panel is not None:
                            at = mine + (column - c0) * phase[9] * lanes
                        rows, row = r1 - r0, (s1 - s0) * S
                        if row == phase[11]:  # whole rows of taps: they lie side by side in the table
                            rows, row = min(rows, 1), rows * row
                        tile(
                            source, at,
                            offsets, phase[10] + r0 * phase[11] + s0 * S, rows, phase[11], row,
                            packed, group * taps * R + k0, R, 1, k1 - k0,
                            y, (((group * R + k0) * TH + oh) * TW + ow) * N + l0, TH * TW * N, count,
                            bias, group * R + k0, mode,
                        )  # fmt: skip
            if function:
                room = packed[pack.size + (0 if activated is None else get_thread_id() * TW * N) :]
                for k in range(group * R + k0, group * R + k1):
                    activate_row(y, activated, room, phase, k, oh, TH, TW, N, function)
        if pooled is not None:  # noqa: SIM102  # Numba leaves it out only if nothing else is asked
            if q1 - q0 == 2:
                for k in range(group * R + k0, group * R + k1):
                    pool_rows(y, pooled, argmax, quarter, k, q0, TH, TW, N)


@inner
def gather(w, pack, packed):
    """packed = w[pack]"""
    for i in range(pack.size):
        packed[i] = w[pack[i]]


@inner
def fill_columns(x, x0, columns, c0, width, phase, p0, p1, S, SH, SW):
    """im2col of the pixels p0 … p1 of one phase: columns[tap (r, s, c), pixel], `width` apart."""
    out_w, base_w, step_w = phase[5], phase[8], phase[9]
    p = p0
    while p < p1:  # a piece of one output row after the other
        row, first = p // out_w, p % out_w
        count = min(out_w - first, p1 - p)
        ih0 = phase[3] + row * phase[4]
        for r in range(phase[16]):
            ih = ih0 + r * phase[14]
            for s in range(phase[17]):
                iw0 = base_w + first * step_w + s * phase[15]
                low = min(count, max(0, -(iw0 // step_w)))
                high = max(low, min(count, -((iw0 - SW) // step_w)))
                if ih < 0 or ih >= SH:
                    low = high = count
                for c in range(S):
                    to = c0 + ((r * phase[17] + s) * S + c) * width + (p - p0)
                    at = x0 + (c * SH + ih) * SW + iw0
                    fill(columns[to : to + low], 0)
                    if high > low:
                        columns[to + low : to + high] = x[at + low * step_w : at + (high - 1) * step_w + 1 : step_w]
                    fill(columns[to + high : to + count], 0)
        p += count


@compiled(parallel=True)
def columns(x, w, pack, packed, bias, y, offsets, phases, tasks, geometry, width):
    """Plain order, small batch: a block of pixels is gathered by im2col and multiplied while it is in the
    cache, so the workspace is one block a thread, whatever the size of the image.

    for each image, group, block of output pixels (in parallel)
        y[all k, block] = bias[k] + w (K, taps) @ columns (taps, block)
    """
    S, R, SH, SW, TH, TW, N, groups, taps, mode, function = geometry
    for i in prange(pack.size):
        packed[i] = w[pack[i]]
    blocks = tasks.shape[0]
    for task in prange(N * groups * blocks):
        n, group = task // (groups * blocks), task // blocks % groups
        p, p0, p1 = tasks[task % blocks]
        phase = phases[p]
        mine = pack.size + get_thread_id() * width * (taps + R)
        count = phase[16] * phase[17] * S
        fill_columns(x, (n * groups + group) * S * SH * SW, packed, mine, width, phase, p0, p1, S, SH, SW)
        target = (n * groups + group) * R * TH * TW
        whole_rows = phase[7] == 1 and phase[5] == TW and phase[2] == 1  # then the pixels lie side by side in y
        if whole_rows:
            out, out0, step = y, target + p0, TH * TW
        else:
            out, out0, step = packed, mine + taps * width, width
        tile(
            packed, mine, offsets, 0, 1, 0, count,
            packed, group * taps * R + phase[10] * R, R, 1, R,
            out, out0, step, p1 - p0, bias, group * R, mode,
        )  # fmt: skip
        if function:
            for k in range(R):
                first = out0 + k * step
                apply_activation(out[first : first + p1 - p0], function)
        if not whole_rows:
            for k in range(R):
                for i in range(p1 - p0):
                    oh = phase[1] + (p0 + i) // phase[5] * phase[2]
                    ow = phase[6] + (p0 + i) % phase[5] * phase[7]
                    y[target + (k * TH + oh) * TW + ow] = out[out0 + k * step + i]
