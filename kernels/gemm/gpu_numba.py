"""Numba-CUDA: the tiles of gemm_tile.cuh in Python, one number of the result a thread. Look there for the drawing.

    block (side, side)     thread (x, y) owns row y and column x of a tile, side² numbers of the result

        for each slice of `side` terms
            each thread brings one number of A and one of B into shared memory; barrier
            each thread: side multiply-adds of a row of a and a column of b; barrier

A thread of gemm.cu owns 16 or 64 numbers and reads shared memory a quarter as often; here the tiling is to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numba import cuda

from .. import launch, layout
from ..activation.gpu_numba import FUNCTIONS as ACTIVATIONS
from ..activation.gpu_numba import slope, value
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import orders, outputs
from .gpu_plan import FUNCTIONS, cut, function_of, length_of, matrices

SIDE = 16  # the longest side of a tile: 256 threads
PADDED = SIDE + 1  # a row in shared memory, so that a column lies in 16 banks; Numba wants a constant, no sum


def side_of_tile() -> int:
    """The side of a tile with no more than launch.THREADS numbers, a power of two."""
    side = SIDE
    while side * side > launch.THREADS:
        side //= 2
    return side


def code_of(function: int) -> int:
    """How `ended` knows the function that gpu_plan.py numbers: -1 is none; of the kernel `activation`, those from 0
    on are values, and those from len(ACTIVATIONS) on are slopes."""
    if function == 0:
        return -1
    name = FUNCTIONS[function]
    return ACTIVATIONS.index(name.removesuffix("_gradient")) + len(ACTIVATIONS) * (function > 3)


def plan(z: Sizes) -> Plan | None:
    """float32 and float64. Other types are left to CUDA C++, whose numbers.cuh says how their sums are kept."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    where, row_sums = matrices(z), "row_sums" in z.epilogue
    function, bias, side = function_of(z.epilogue), "bias" in z.epilogue, side_of_tile()
    down, across = -(-where.M // side), max(1, -(-where.N // side))
    length = length_of(z.K, cut(z.K, down * across))
    pieces = max(1, -(-z.K // length))
    *steps, swapped = where
    size, rows = z.M * z.N, z.M * row_sums
    geometry = (*steps, pieces, length, down, across, int(bias), int(swapped), code_of(function), int(row_sums))
    inner = 1 if z.c_order == layout.PLAIN else max(1, z.M)
    finish = (pieces, size, rows, inner, max(1, z.N), int(bias), code_of(function))

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        a, b, c = (layout.memory(array) for array in (*ins[:2], outs[0]))
        # What is not there is neither read nor written; an array that is there stands in for it (not an output: the
        # simulator works on copies, and would bring two of the same back).
        biases, activated = (ins[2] if bias else b), (layout.memory(ins[-1]) if function > 3 else b)
        sums, partial = (outs[1] if row_sums else b), (scratch.view(z.dtype) if pieces > 1 else b)
        first, second = (b, a) if swapped else (a, b)
        product.over(
            (down * across * pieces,), (side, side), first, second, biases, activated, c, sums, partial, geometry
        )
        if pieces > 1:
            add_pieces(size + rows, partial, c, sums, biases, activated, finish)

    scratch_bytes = pieces * (size + rows) * z.dtype.itemsize if pieces > 1 else 0
    return Plan("tiles in shared memory", orders(z), outputs(z), scratch_bytes, run)


@launch.numba_device
def ended(x, code, activated, place, kind):
    """f(x), or x · f'(…) by the `activated` = f(…) of before"""
    zero = kind(0)
    if code < 0:
        return x
    if code < len(ACTIVATIONS):
        return value(x, zero, zero, zero, code, kind)
    return slope(x, activated[place], zero, zero, zero, code - len(ACTIVATIONS), kind)


@launch.numba_kernel
def product(a, b, bias, activated, c, row_sums, partial, geometry):
    """grid: tiles along M × tiles along N × pieces of the sum, counted in this order"""
    M, N, K, a_m, a_k, b_k, b_n, c_m, c_n, pieces, length, down, across, has_bias, by_row, code, adds_rows = geometry
    kind = c.dtype.type
    a_slice = cuda.shared.array((SIDE, PADDED), c.dtype)
    b_slice = cuda.shared.array((SIDE, PADDED), c.dtype)
    side, x, y = cuda.blockDim.x, cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.x % down * side, cuda.blockIdx.x // down % across * side
    piece = cuda.blockIdx.x // (down * across)
    first, last = piece * length, min(K, (piece + 1) * length)
    total, row_total = kind(0), kind(0)
    for start in range(first, last, side):
        # Neighbours in memory are brought by threads with neighbouring x: they run along K, or along the lines.
        line, k = (y, x) if a_k == 1 else (x, y)
        m = row + line
        a_slice[line, k] = a[m * a_m + (start + k) * a_k] if m < M and start + k < last else kind(0)
        line, k = (y, x) if b_k == 1 else (x, y)
        n = column + line
        b_slice[k, line] = b[(start + k) * b_k + n * b_n] if n < N and start + k < last else kind(0)
        cuda.syncthreads()
        for k in range(side):
            total += a_slice[y, k] * b_slice[k, x]
            row_total += a_slice[y, k]
        cuda.syncthreads()
    m, n = row + y, column + x
    if m < M and n < N:
        place = m * c_m + n * c_n
        if pieces > 1:
            partial[piece * M * N + place] = total
        else:
            if has_bias:
                total += bias[m if by_row else n]
            c[place] = ended(total, code, activated, place, kind)
    if adds_rows and column == 0 and x == 0 and m < M:
        if pieces > 1:
            partial[pieces * M * N + piece * M + m] = row_total
        else:
            row_sums[m] = row_total


@launch.numba_kernel
def add_pieces(partial, out, row_sums, bias, activated, numbers):
    """`finish` of ending.cuh: the pieces of each sum, from the first to the last, and what follows"""
    pieces, size, rows, inner, channels, has_bias, code = numbers
    kind = out.dtype.type
    for i in range(cuda.grid(1), size + rows, cuda.gridsize(1)):
        of_row = i - size
        start, apart = (i, size) if of_row < 0 else (pieces * size + of_row, rows)
        total = kind(0)
        for piece in range(pieces):
            total += partial[start + piece * apart]
        if of_row >= 0:
            row_sums[of_row] = total
        else:
            if has_bias:
                total += bias[i // inner % channels]
            out[i] = ended(total, code, activated, i, kind)
