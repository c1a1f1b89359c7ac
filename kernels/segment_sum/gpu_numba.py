"""Numba-CUDA: the kernels of segment_sum.cu in Python, thread for thread. Look there for the drawing."""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import BITS, TYPES, plan_with

DIGITS, MOST_THREADS = 1 << BITS, 256


def plan(z: Sizes) -> Plan | None:
    """float32, float64 and int64; others have a wider type to be added in."""
    return plan_with(count.over, sort.over, segment_sum.flat, z) if z.dtype.name in TYPES else None


@launch.numba_device
def place_of(index, term, rows):
    """Where in the table a term belongs; `rows`: nowhere"""
    place = index[term]
    return place if 0 <= place < rows else rows


@launch.numba_device
def digit_of(index, term, rows, shift):
    """One digit of that"""
    return (place_of(index, term, rows) >> shift) & (DIGITS - 1)


@launch.numba_kernel
def count(index, order, counts, terms, rows, shift):
    """counts[tile, digit] of the list `order`; of 0 … terms-1 in the first pass"""
    found = cuda.shared.array(DIGITS, np.int32)
    tile, tiles = cuda.blockIdx.x, cuda.gridDim.x
    for d in range(cuda.threadIdx.x, DIGITS, cuda.blockDim.x):
        found[d] = 0
    cuda.syncthreads()
    begin, end = terms * tile // tiles, terms * (tile + 1) // tiles
    for k in range(begin + cuda.threadIdx.x, end, cuda.blockDim.x):
        term = k if shift == 0 else order[k]
        cuda.atomic.add(found, digit_of(index, term, rows, shift), 1)
    cuda.syncthreads()
    for d in range(cuda.threadIdx.x, DIGITS, cuda.blockDim.x):
        counts[tile * DIGITS + d] = found[d]


@launch.numba_kernel
def sort(index, order, counts, to, terms, rows, shift):
    """The list `order` in the order of one digit, as `to`"""
    following = cuda.shared.array(DIGITS, np.int64)
    sums = cuda.shared.array((2, DIGITS), np.int64)
    digits = cuda.shared.array(MOST_THREADS, np.int32)
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    mine_of, tiles = cuda.blockIdx.x, cuda.gridDim.x

    for d in range(me, DIGITS, threads):
        before, total = np.int64(0), np.int64(0)
        for tile in range(tiles):
            if tile == mine_of:
                before = total
            total += counts[tile * DIGITS + d]
        sums[0, d] = total
        following[d] = before - total
    cuda.syncthreads()
    for bit in range(BITS):
        for d in range(me, DIGITS, threads):
            total = sums[bit & 1, d]
            if d >> bit:
                total += sums[bit & 1, d - (1 << bit)]
            sums[(bit + 1) & 1, d] = total
        cuda.syncthreads()
    for d in range(me, DIGITS, threads):
        following[d] += sums[BITS & 1, d]

    begin, end = terms * mine_of // tiles, terms * (mine_of + 1) // tiles
    for first in range(begin, end, threads):
        there = first + me < end
        term, mine = np.int64(0), np.int64(DIGITS)
        if there:
            term = first + me if shift == 0 else order[first + me]
            mine = digit_of(index, term, rows, shift)
        digits[me] = mine
        cuda.syncthreads()
        before, same = 0, 0
        for other in range(threads):
            if other == me:
                before = same
            if digits[other] == mine:
                same += 1
        if there:
            to[following[mine] + before] = term
        cuda.syncthreads()
        if there and before == 0:
            following[mine] += same


@launch.numba_kernel
def segment_sum(values, index, order, table, terms, width, rows):
    """for each column of each place in the list one thread; those where another row of the table begins have work"""
    for i in range(cuda.grid(1), terms * width, cuda.gridsize(1)):
        first, column = i // width, i % width
        row = place_of(index, order[first], rows)
        if row < rows and (first == 0 or place_of(index, order[first - 1], rows) != row):
            total = table[row * width + column]
            k = first
            while k < terms and place_of(index, order[k], rows) == row:
                total += values[order[k] * width + column]
                k += 1
            table[row * width + column] = total
