"""Numba-CUDA: implicit GEMM, as in conv2d.cuh, in the tiles of gemm/gpu_numba.py, one number of the result a thread.

conv2d.cuh has the drawing, geometry.cuh says how forward and input become the same loop (families of outputs). Here
every thread works out for itself where its numbers are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..gemm.gpu_numba import PADDED, SIDE, add_pieces, code_of, ended, side_of_tile
from ..gemm.gpu_plan import cut, length_of
from . import Sizes
from .gpu_plan import ending_of, geometry_of, inputs, outputs


def plan(z: Sizes) -> Plan | None:
    """float32 and float64. Other types are left to CUDA C++, whose numbers.cuh says how their sums are kept."""
    if z.dtype.name not in ("float32", "float64") or 0 in z.w_shape:
        return None
    return _weight(z) if z.direction == "weight" else _data(z)


def _data(z: Sizes) -> Plan:
    """Forward and input."""
    ending, g, side = ending_of(z), geometry_of(z), side_of_tile()
    families = g.families_h * g.families_w
    down, across = -(-g.K // side), -(-z.N * g.rows * g.columns // side)
    terms = g.C * -(-g.KH // g.gap_h) * -(-g.KW // g.gap_w)  # of the family that has most
    length = length_of(terms, cut(terms, down * across * families * g.groups))
    pieces = max(1, -(-terms // length))
    target = outputs(z)
    size, code = math.prod(target[0].shape), code_of(ending.function)
    how = (down, across, pieces, length, int(ending.bias), code)
    finish = (pieces, size, 0, max(1, g.OH * g.OW), max(1, target[0].shape[1]), int(ending.bias), code)
    grid = (down * across * pieces * families * g.groups,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, w, y = ins[0].reshape(-1), ins[1].reshape(-1), outs[0].reshape(-1)
        bias, activated = (ins[2] if ending.bias else w), (ins[-1].reshape(-1) if ending.function > 3 else w)
        partial = scratch.view(z.dtype) if pieces > 1 else w  # what is not there: see gemm/gpu_numba.py
        data.over(grid, (side, side), x, w, bias, activated, y, partial, tuple(g), how)
        if pieces > 1:
            add_pieces(size, partial, y, w, bias, activated, finish)
        if ending.pooled == 1:
            mean(math.prod(target[1].shape), y, outs[1].reshape(-1), (z.N * z.K, z.OH, z.OW))
        elif ending.pooled == 2:
            pooled, argmax = outs[1].reshape(-1), outs[2].reshape(-1)
            largest(math.prod(target[1].shape), y, pooled, argmax, (z.N * z.K, z.OH, z.OW))

    scratch_bytes = pieces * size * z.dtype.itemsize if pieces > 1 else 0
    return Plan("implicit GEMM in shared memory", inputs(z), target, scratch_bytes, run)


def _weight(z: Sizes) -> Plan:
    """The gradients of filters and bias."""
    g, side, bias = geometry_of(z), side_of_tile(), ending_of(z).bias
    terms, pixels = g.C * g.KH * g.KW, z.N * z.OH * z.OW
    down, across = -(-g.K // side), -(-terms // side)
    length = length_of(pixels, cut(pixels, down * across * g.groups))
    pieces = max(1, -(-pixels // length))
    size, rows = math.prod(z.w_shape), z.K * bias
    finish = (pieces, size, rows, 1, 1, 0, -1)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, gradient, dw = ins[0].reshape(-1), ins[1].reshape(-1), outs[0].reshape(-1)
        db, partial = (outs[1] if bias else x), (scratch.view(z.dtype) if pieces > 1 else x)
        grid, how = (down * across * pieces * g.groups,), (down, across, pieces, length, int(bias))
        weight.over(grid, (side, side), x, gradient, dw, db, partial, tuple(g), how)
        if pieces > 1:
            add_pieces(size + rows, partial, dw, db, x, x, finish)

    scratch_bytes = pieces * (size + rows) * z.dtype.itemsize if pieces > 1 else 0
    return Plan("implicit GEMM in shared memory", inputs(z), outputs(z), scratch_bytes, run)


# --- which numbers meet -----------------------------------------------------------------------------


@launch.numba_device
def axis_of(family, length, kernel, stride, padding, dilation, adjoint, gap):
    """Axis of geometry.cuh: start, step, count, base, base_step, tap, tap_step, taps, position_step"""
    if not adjoint:
        return 0, 1, length, -padding, stride, 0, 1, kernel, dilation
    first, end = 0, min(kernel, gap)
    while first < end and (family + padding - first * dilation) % stride != 0:
        first += 1
    taps = 0 if first >= end else (kernel - 1 - first) // gap + 1
    last = first + (taps - 1) * gap
    base = (family + padding - last * dilation) // stride
    return family, stride, (length - family + stride - 1) // stride, base, 1, last, -gap, taps, dilation * gap // stride


@launch.numba_device
def seen(x, h, w, place, H, W, kind):
    """The number at row h and column w of the plane that begins at `place`, 0 beside it"""
    return x[place + h * W + w] if h >= 0 and h < H and w >= 0 and w < W else kind(0)


@launch.numba_kernel
def data(x, w, bias, activated, y, partial, geometry, how):
    """grid: tiles along K × tiles along the pixels of a family × pieces × families × groups"""
    (N, C, H, W, K, OH, OW, KH, KW, groups, sh, sw, ph, pw, dh, dw, adjoint, gap_h, gap_w, families_h,
     families_w) = geometry  # fmt: skip
    down, across, pieces, length, has_bias, code = how
    kind = y.dtype.type
    filters = cuda.shared.array((SIDE, PADDED), y.dtype)
    windows = cuda.shared.array((SIDE, PADDED), y.dtype)
    side, column, line = cuda.blockDim.x, cuda.threadIdx.x, cuda.threadIdx.y
    block = cuda.blockIdx.x
    k = block % down * side + line
    q = block // down % across * side + column
    block = block // (down * across)
    piece, family, group = block % pieces, block // pieces % (families_h * families_w), 0
    group = block // (pieces * families_h * families_w)
    start_h, step_h, rows, base_h, move_h, tap_h, next_h, taps_h, far_h = axis_of(
        family // families_w, OH, KH, sh, ph, dh, adjoint, gap_h
    )
    start_w, step_w, columns, base_w, move_w, tap_w, next_w, taps_w, far_w = axis_of(
        family % families_w, OW, KW, sw, pw, dw, adjoint, gap_w
    )
    n, i, j = q // (rows * columns), q // columns % rows, q % columns
    first, last = piece * length, min(C * taps_h * taps_w, (piece + 1) * length)
    total = kind(0)
    for start in range(first, last, side):
        term = start + column  # neighbouring threads bring neighbouring numbers of a filter …
        here = kind(0)
        if term < last and k < K:
            c, r, s = term // (taps_h * taps_w), term // taps_w % taps_h, term % taps_w
            tap = (tap_h + r * next_h) * KW + tap_w + s * next_w
            at = (group * C + c) * K + k if adjoint else (group * K + k) * C + c
            here = w[at * KH * KW + tap]
        filters[line, column] = here
        term, here = start + line, kind(0)  # … and neighbouring pixels
        if term < last and n < N:
            c, r, s = term // (taps_h * taps_w), term // taps_w % taps_h, term % taps_w
            place = ((n * groups + group) * C + c) * H * W
            here = seen(x, base_h + i * move_h + r * far_h, base_w + j * move_w + s * far_w, place, H, W, kind)
        windows[line, column] = here
        cuda.syncthreads()
        for t in range(side):
            total += filters[line, t] * windows[t, column]
        cuda.syncthreads()
    if k < K and n < N:
        place = (((n * groups + group) * K + k) * OH + start_h + i * step_h) * OW + start_w + j * step_w
        if pieces > 1:
            partial[piece * N * groups * K * OH * OW + place] = total
        else:
            if has_bias:
                total += bias[group * K + k]
            y[place] = ended(total, code, activated, place, kind)


@launch.numba_kernel
def weight(x, g, dw, db, partial, geometry, how):
    """grid: tiles along K × tiles along c,r,s × pieces × groups"""
    (N, C, H, W, K, OH, OW, KH, KW, groups, sh, sw, ph, pw, dh, dilation_w, adjoint, gap_h, gap_w, families_h,
     families_w) = geometry  # fmt: skip
    down, across, pieces, length, has_bias = how
    kind = dw.dtype.type
    slopes = cuda.shared.array((SIDE, PADDED), dw.dtype)
    windows = cuda.shared.array((SIDE, PADDED), dw.dtype)
    side, column, line = cuda.blockDim.x, cuda.threadIdx.x, cuda.threadIdx.y
    row, first_term = cuda.blockIdx.x % down * side, cuda.blockIdx.x // down % across * side
    piece = cuda.blockIdx.x // (down * across) % pieces
    group = cuda.blockIdx.x // (down * across * pieces)
    k, term, terms = row + line, first_term + line, C * KH * KW
    c, r, s = term // (KH * KW), term // KW % KH, term % KW
    first, last = piece * length, min(N * OH * OW, (piece + 1) * length)
    total, row_total = kind(0), kind(0)
    for start in range(first, last, side):
        q = start + column  # neighbouring threads bring neighbouring pixels
        slope_here, here = kind(0), kind(0)
        if q < last:
            n, i, j = q // (OH * OW), q // OW % OH, q % OW
            if k < K:
                slope_here = g[(((n * groups + group) * K + k) * OH + i) * OW + j]
            if term < terms:
                place = ((n * groups + group) * C + c) * H * W
                here = seen(x, i * sh - ph + r * dh, j * sw - pw + s * dilation_w, place, H, W, kind)
        slopes[line, column] = slope_here
        windows[line, column] = here
        cuda.syncthreads()
        for t in range(side):
            total += slopes[line, t] * windows[column, t]
            row_total += slopes[line, t]
        cuda.syncthreads()
    size = groups * K * terms
    if k < K and first_term + column < terms:
        place = (group * K + k) * terms + first_term + column
        if pieces > 1:
            partial[piece * size + place] = total
        else:
            dw[place] = total
    if has_bias and first_term == 0 and column == 0 and k < K:
        if pieces > 1:
            partial[pieces * size + piece * groups * K + group * K + k] = row_total
        else:
            db[group * K + k] = row_total


# --- 2×2 pooling of what was written ----------------------------------------------------------------


@launch.numba_kernel
def mean(y, pooled, lengths):
    """pooled = the mean of each 2×2 window, one a thread"""
    planes, OH, OW = lengths
    quarter = pooled.dtype.type(0.25)
    for i in range(cuda.grid(1), planes * (OH // 2) * (OW // 2), cuda.gridsize(1)):
        at = (i // (OW // 2 * (OH // 2)) * OH + i // (OW // 2) % (OH // 2) * 2) * OW + i % (OW // 2) * 2
        pooled[i] = (y[at] + y[at + 1] + y[at + OW] + y[at + OW + 1]) * quarter


@launch.numba_kernel
def largest(y, pooled, argmax, lengths):
    """pooled = the largest of each 2×2 window, argmax = where in its plane"""
    planes, OH, OW = lengths
    for i in range(cuda.grid(1), planes * (OH // 2) * (OW // 2), cuda.gridsize(1)):
        plane = i // (OW // 2 * (OH // 2)) * OH * OW
        first = i // (OW // 2) % (OH // 2) * 2 * OW + i % (OW // 2) * 2
        best = first
        for t in range(1, 4):
            at = first + t // 2 * OW + t % 2
            if y[plane + at] > y[plane + best] or y[plane + at] != y[plane + at]:
                best = at
        pooled[i] = y[plane + best]
        argmax[i] = best
