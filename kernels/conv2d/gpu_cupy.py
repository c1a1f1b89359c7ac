"""CUDA C++, in conv2d.cu and its kin, started through CuPy: which kernel a convolution takes, by its sizes.

product         a filter as large as its image (LeNet-5's C5): the kernels of gemm
direct          few filters and short windows (LeNet-5's first layers), and groups of few channels (depthwise)
tiles           all others: implicit GEMM
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import launch, precision
from ..dispatch import Plan
from ..gemm.gpu_cupy import finishing
from ..gemm.gpu_plan import BLOCKS, cut, length_of, tile_of
from . import Sizes
from .gpu_as_product import plan_as_product
from .gpu_plan import Geometry, ending_of, geometry_of, inputs, is_small_enough, outputs

FLOATS = {"float32": "conv2d.cu", "float64": "conv2d_float64.cu", "float16": "conv2d_float16.cu",
          "bfloat16": "conv2d_bfloat16.cu"}  # fmt: skip
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
THREADS = {(128, 128): 256, (64, 128): 256, (64, 64): 256, (32, 64): 128, (32, 32): 64}  # of the tiles
WEIGHT_LARGEST = (64, 64)  # tiles of a weight gradient: its sums of rows need the registers of a larger one
TWO_TILES = ((64, 64), (32, 32))

DIRECT_THREADS = 128
CAPACITY = 4096  # numbers of filters in shared memory, as in direct.cuh
FEW = 16  # filters: of so many a tile would be half empty
SHORT = 256  # terms: with longer windows the filters that a thread shares with nobody are read too often
TAPS = 10  # columns of the weight gradient in a block, as in direct.cuh
WEIGHT_THREADS = 256
FULL = 0.25  # of a tile: with less of it used, the direct weight gradient is faster by its arithmetic


class Launch(NamedTuple):
    """One kernel of a convolution: the function, its grid and block, and in how many pieces it adds up."""

    function: str
    grid: int
    block: int
    geometry: np.ndarray
    pieces: int = 1


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two (with float32 sums), four and eight bytes; integers, with no epilogue but the bias.
    Images and filters of fewer than 2³⁰ numbers."""
    kind, ending = z.dtype.name, ending_of(z)
    if not is_small_enough(z) or (kind not in FLOATS and (kind not in INTEGERS or ending.function or ending.pooled)):
        return None
    if product := plan_as_product(z):
        return product
    if z.direction == "weight":
        return _weight(z) if 0 not in z.w_shape else None
    return _data(z)


def _data(z: Sizes) -> Plan:
    """Forward and input."""
    kind, ending, geometry = z.dtype.name, ending_of(z), geometry_of(z)
    is_direct = kind in FLOATS and takes_direct(geometry)
    file = cuda_file(z, is_direct)
    first = (_direct if is_direct else _tiles)(z, geometry)
    function = cuda_function(file, f"conv2d_{first.function}_{kind}")
    pool, target = cuda_function(file, f"conv2d_pool_{kind}"), outputs(z)
    size, planes = math.prod(target[0].shape), z.N * z.K
    add_pieces = finishing(
        cuda_function(file, f"conv2d_finish_{kind}"), size, first.pieces, inner=geometry.OH * geometry.OW,
        channels=target[0].shape[1], bias=ending.bias, function=ending.function,
    )  # fmt: skip

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, w, y = ins[0], ins[1], outs[0]
        bias, activated = (ins[2] if ending.bias else w), (ins[-1] if ending.function > 3 else w)
        pooled, argmax = (outs[1] if ending.pooled else y), (outs[2] if ending.pooled == 2 else scratch)
        if is_direct:
            function.over((first.grid,), (first.block,), x, w, bias, activated, y, pooled, argmax, first.geometry)
            return
        function.over((first.grid,), (first.block,), x, w, bias, activated, y, scratch, first.geometry)
        if first.pieces > 1:
            add_pieces(scratch, y, y, bias, activated)
        if ending.pooled:
            pool(math.prod(target[1].shape), y, pooled, argmax, np.int64(planes), first.geometry)

    scratch_bytes = first.pieces * size * launch.sums_dtype(z.dtype).itemsize if first.pieces > 1 else 0
    return Plan(_algorithm(first, file), inputs(z), target, scratch_bytes, run)


def _weight(z: Sizes) -> Plan:
    """The gradients of filters and bias."""
    kind, ending, geometry = z.dtype.name, ending_of(z), geometry_of(z)
    is_direct = kind in FLOATS and takes_direct_weight(geometry, sides(kind, True))
    file = cuda_file(z, is_direct)
    first = (_direct_weight if is_direct else _weight_tiles)(z, geometry)
    function = cuda_function(file, f"conv2d_{first.function}_{kind}")
    size, rows = math.prod(z.w_shape), z.K * ending.bias
    add_pieces = finishing(cuda_function(file, f"conv2d_finish_{kind}"), size, first.pieces, rows=rows)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        dw, db = outs[0], outs[-1]
        function.over((first.grid,), (first.block,), *ins, dw, db, scratch, first.geometry)
        if first.pieces > 1:
            add_pieces(scratch, dw, db, dw, dw)

    scratch_bytes = first.pieces * (size + rows) * launch.sums_dtype(z.dtype).itemsize if first.pieces > 1 else 0
    return Plan(_algorithm(first, file), inputs(z), outputs(z), scratch_bytes, run)


def bias_gradient(z: Sizes) -> tuple[int, Callable[[Any, Any, Any], None]]:
    """The gradient of the bias alone: (bytes of scratch, what is called with g, db, scratch). It is the direct weight
    gradient of filters that have no numbers."""
    kind = z.dtype.name
    file, first = cuda_file(z, True), _direct_weight(z, geometry_of(z)._replace(C=0))
    function = cuda_function(file, f"conv2d_{first.function}_{kind}")
    add_pieces = finishing(cuda_function(file, f"conv2d_finish_{kind}"), 0, first.pieces, rows=z.K)

    def run(g: Any, db: Any, scratch: Any) -> None:
        function.over((first.grid,), (first.block,), g, g, db, db, scratch, first.geometry)
        if first.pieces > 1:
            add_pieces(scratch, db, db, db, db)

    return first.pieces * z.K * launch.sums_dtype(z.dtype).itemsize, run


# --- which kernel, over which grid ------------------------------------------------------------------


def takes_direct(geometry: Geometry) -> bool:
    """Whether forward or input are for the direct kernel: the filters fit, and a tile would mostly be empty."""
    terms = geometry.C * geometry.KH * geometry.KW
    return geometry.K <= FEW and terms <= SHORT and terms * _filters(geometry) <= CAPACITY


def _filters(geometry: Geometry) -> int:
    """Filters of a thread of the direct kernel."""
    return 1 if geometry.K == 1 else 4


def takes_direct_weight(geometry: Geometry, tiles: tuple[tuple[int, int], ...]) -> bool:
    """Whether the weight gradient is: by how much of the smallest tile it would fill."""
    terms = geometry.C * geometry.KH * geometry.KW
    rows, columns = tiles[-1]
    whole = -(-geometry.K // rows) * rows * -(-terms // columns) * columns
    return geometry.K * terms < FULL * whole


def sides(kind: str, weight: bool) -> tuple[tuple[int, int], ...]:
    """The tiles that there are for a type, from large to small."""
    if kind in INTEGERS:
        return TWO_TILES[1:]
    if kind == "float32":
        return tuple(THREADS)[tuple(THREADS).index(WEIGHT_LARGEST) if weight else 0 :]
    return TWO_TILES if weight or kind == "float64" else ((128, 128), *TWO_TILES)


def _tiles(z: Sizes, geometry: Geometry) -> Launch:
    terms = geometry.C * geometry.KH * geometry.KW // (geometry.gap_h * geometry.gap_w)
    pixels, copies = z.N * geometry.rows * geometry.columns, z.groups * geometry.families_h * geometry.families_w
    rows, columns = tile_of(geometry.K, pixels * copies, terms, sides(z.dtype.name, False))
    down, across = -(-geometry.K // rows), -(-pixels // columns)
    # The taps of a family may be some more than their share; all families are cut alike.
    terms = geometry.C * -(-geometry.KH // geometry.gap_h) * -(-geometry.KW // geometry.gap_w)
    length = length_of(terms, cut(terms, down * across * copies))
    pieces = max(1, -(-terms // length))
    return Launch(
        f"{rows}x{columns}", down * across * copies * pieces, THREADS[rows, columns],
        conv_struct(z, geometry, across=across, pieces=pieces, length=length), pieces,
    )  # fmt: skip


def _direct(z: Sizes, geometry: Geometry) -> Launch:
    filters = _filters(geometry)
    squares = z.N * -(-geometry.rows // 2) * -(-geometry.columns // 2) * geometry.families_h * geometry.families_w
    blocks = -(-squares // DIRECT_THREADS) * -(-geometry.K // filters) * z.groups
    return Launch(f"direct_{filters}", blocks, DIRECT_THREADS, conv_struct(z, geometry, across=1, pieces=1, length=0))


def _weight_tiles(z: Sizes, geometry: Geometry) -> Launch:
    terms, pixels = geometry.C * geometry.KH * geometry.KW, z.N * z.OH * z.OW
    rows, columns = tile_of(geometry.K, terms * z.groups, pixels, sides(z.dtype.name, True))
    down, across = -(-geometry.K // rows), -(-terms // columns)
    tiles = down * across * z.groups
    length = length_of(pixels, cut(pixels, tiles))
    pieces = max(1, -(-pixels // length))
    return Launch(
        f"weight_{rows}x{columns}", tiles * pieces, THREADS[rows, columns],
        conv_struct(z, geometry, across=across, pieces=pieces, length=length), pieces,
    )  # fmt: skip


def _direct_weight(z: Sizes, geometry: Geometry) -> Launch:
    columns = geometry.C * geometry.KH * geometry.KW + ending_of(z).bias
    across, pixels = -(-columns // TAPS), z.N * z.OH * z.OW
    pieces = max(1, min(-(-4 * BLOCKS // (across * z.K)), pixels // (2 * WEIGHT_THREADS)))
    length = max(WEIGHT_THREADS, -(-pixels // pieces // WEIGHT_THREADS) * WEIGHT_THREADS)
    pieces = max(1, -(-pixels // length))
    return Launch(
        "direct_weight", across * z.K * pieces, WEIGHT_THREADS,
        conv_struct(z, geometry, across=across, pieces=pieces, length=length), pieces,
    )  # fmt: skip


def conv_struct(z: Sizes, geometry: Geometry, **more: int) -> np.ndarray:
    """Geometry of geometry.cuh."""
    return launch.struct(**geometry._asdict(), **more, **ending_of(z)._asdict())


def cuda_file(z: Sizes, is_direct: bool) -> str:
    """The file that has the kernels."""
    kind = z.dtype.name
    if kind in INTEGERS:
        return "conv2d_integers.cu"
    if kind == "float32" and is_direct:
        return "conv2d_direct.cu"
    return "conv2d_tf32.cu" if kind == "float32" and precision.tf32("conv2d") else FLOATS[kind]


def _algorithm(first: Launch, file: str) -> str:
    name = first.function.removeprefix("weight_").split("_")[0]
    tiles = "direct" if name == "direct" else f"implicit GEMM, tiles of {name.replace('x', '×')}"
    return tiles + (" on TF32" if file == "conv2d_tf32.cu" else "")


@functools.cache
def cuda_function(file: str, name: str) -> launch.CudaFunction:
    """A kernel of a file in this folder."""
    return launch.CudaFunction(Path(__file__).with_name(file), name)
