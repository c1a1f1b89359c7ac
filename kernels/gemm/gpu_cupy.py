"""CUDA C++, in gemm.cu and its kin, started through CuPy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import launch, layout, precision
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import orders, outputs
from .gpu_plan import cut, function_of, length_of, matrices, tile_of

FILES = {
    "float32": "gemm.cu", "float64": "gemm_float64.cu", "float16": "gemm_float16.cu", "bfloat16": "gemm_float16.cu",
    "int64": "gemm_integers.cu", "int32": "gemm_integers.cu", "int16": "gemm_integers.cu", "int8": "gemm_integers.cu",
    "uint8": "gemm_integers.cu",
}  # fmt: skip
THREADS = {(128, 128): 256, (64, 64): 256, (32, 32): 64}  # of the tiles, from large to small


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two (with float32 sums), four and eight bytes; integers, without activations. Matrices with
    fewer than 2³¹ rows and columns."""
    return planned(z, precision.tf32("gemm"))


def planned(z: Sizes, tf32: bool) -> Plan | None:
    """`plan`, with or without TF32."""
    kind = z.dtype.name
    if kind not in FILES or max(z.M, z.N, z.K) >= 1 << 31 or (z.dtype.kind in "iu" and function_of(z.epilogue)):
        return None
    where, row_sums = matrices(z), "row_sums" in z.epilogue
    rows, columns = tile_of(where.M, where.N, z.K, sides(kind, row_sums))
    tiles = max(1, -(-where.N // columns)) * -(-where.M // rows)
    pieces = cut(z.K, tiles)
    length = length_of(z.K, pieces)
    pieces = max(1, -(-z.K // length))
    bias, function = "bias" in z.epilogue, function_of(z.epilogue)
    *steps, swapped = where
    geometry = launch.struct(
        **dict(zip(where._fields, steps, strict=False)), pieces=pieces, length=length, bias=bias, bias_by_row=swapped,
        function=function, row_sums=row_sums,
    )  # fmt: skip
    size = z.M * z.N
    file = "gemm_tf32.cu" if kind == "float32" and tf32 else FILES[kind]
    multiply = cuda_function(file, f"gemm_{rows}x{columns}_{kind}")
    add_pieces = finishing(
        cuda_function(file, f"gemm_finish_{kind}"), size, pieces, rows=z.M * row_sums,
        inner=1 if z.c_order == layout.PLAIN else z.M, channels=z.N, bias=bias, function=function,
    )  # fmt: skip
    grid, block = (tiles * pieces if z.M else 0,), (THREADS[rows, columns],)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        a, b, c = ins[0], ins[1], outs[0]
        biases, activated = (ins[2] if bias else b), (ins[-1] if function > 3 else b)  # what is not there is not read
        multiply.over(grid, block, *((b, a) if swapped else (a, b)), biases, activated, c, outs[-1], scratch, geometry)
        if pieces > 1:
            add_pieces(scratch, c, outs[-1], biases, activated)

    scratch_bytes = pieces * (size + z.M * row_sums) * launch.sums_dtype(z.dtype).itemsize if pieces > 1 else 0
    algorithm = f"tiles of {rows}×{columns}" + (" on TF32" if file == "gemm_tf32.cu" else "")
    return Plan(algorithm, orders(z), outputs(z), scratch_bytes, run)


def sides(kind: str, row_sums: bool) -> tuple[tuple[int, int], ...]:
    """The tiles that there are, from large to small."""
    first = 2 if FILES[kind] == "gemm_integers.cu" else 1 if row_sums or kind == "float64" else 0
    return tuple(THREADS)[first:]


def finishing(
    kernel: launch.CudaFunction, size: int, pieces: int, *, rows: int = 0, inner: int = 1, channels: int = 1,
    bias: bool = False, function: int = 0,
) -> Callable[..., None]:  # fmt: skip
    """What starts a `finish` of ending.cuh, with (partial, out, row_sums, bias, activated). Where there are many
    pieces, eight threads share those of a sum: one would fetch them one after the other."""
    parts = 8 if pieces >= 16 else 1
    numbers = launch.struct(
        pieces=pieces, inner=max(1, inner), channels=max(1, channels), rows=rows, bias=bias, function=function,
        parts=parts,
    )  # fmt: skip
    block = launch.THREADS
    grid = min(-(-(size + rows) // (block // parts)), launch.MOST_BLOCKS)
    return lambda *arrays: kernel.over((grid,), (block,), *arrays, np.int64(size), numbers)


@functools.cache
def cuda_function(file: str, name: str) -> launch.CudaFunction:
    """A kernel of a file in this folder."""
    return launch.CudaFunction(Path(__file__).with_name(file), name)
