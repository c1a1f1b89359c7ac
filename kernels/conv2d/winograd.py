"""Winograd's convolution, forward and input: F(4×4, 3×3) does with 36 multiplications for 4×4 outputs of a 3×3 filter
instead of 144, F(4×4, 5×5) with 64 for 4×4 outputs of a 5×5 filter instead of 400.

    y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A          the matrices are in winograd_schemes.py

In batch-last order each of the T×T places is a product of matrices over the channels, done by `tiles`, and the
transforms are sums of vectors of images, which have to be paid for by many channels (`pays`).

Measured on random numbers against float64, with 32 … 256 channels: the root mean square of the error over that of the
outputs, and the largest error over the largest output, in millionths.

                    forward and input             weight
                    root mean square  largest     root mean square  largest
    direct 3×3      0.3 … 0.8         0.6 … 2.4   0.2               0.3
    F(4×4, 3×3)     0.6 … 1.6         1.0 … 3.2   0.5               0.7
    direct 5×5      0.5 … 1.3         0.9 … 3.2   0.2               0.4
    F(4×4, 5×5)     2.4 … 6.1         4.6 … 17    2.0               3.7

F(2×2, 5×5) would lose 0.7 instead of 2.4, and gain half as much (36 multiplications for 2×2 outputs). float64 arrays
take the direct loops. An infinity or NaN makes NaN of all pixels of a tile that sees it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, threads
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..layout import memory
from ..tile import row_blocks, vector_blocks
from ..tile_code import tile_code
from ..window import Axis, valid_taps
from . import Sizes, winograd_loops
from .cpu_numpy import outputs
from .data_plan import POOLS, Task, image_pieces, phase_table
from .winograd_schemes import Scheme, scheme_of

# What is compared, in multiply-adds of all lanes: measured, and rounded in favour of the direct loops.
PRODUCT, TRANSFORM, FILTER = 1.2, 12, 0.6  # of one place: of a pair of channels, of one channel, of one filter
GAIN = 1.2  # how much faster it has to be
IMAGES = 32  # at a time, if a block of `tile` has no more: two lines of the cache for each pixel that is read
TILE_BYTES = 2 << 20  # of the transformed pixels and the products of the tiles done together


def plan_winograd(task: Task) -> Plan | None:
    """The plan, for batch-last arrays of float32; None where there is no scheme for it, or it does not pay."""
    z, S, R = task.z, task.S, task.R
    scheme = scheme_of(z)
    if scheme is None:
        return None
    (h,), (w,) = task.axes_h, task.axes_w
    if not pays(scheme, z, S, R, (h, w), task.source[2:]):
        return None
    N, (TH, TW) = z.N, task.target[2:]
    side, places, G = scheme.outputs, scheme.size**2, scheme.G()
    vector = simd.vector_bytes() // z.dtype.itemsize
    block = vector * vector_blocks(row_blocks(R)[-1])[0]
    lanes = min(N, max(block, IMAGES // block * block))
    of_tile = places * (S + R) * lanes * z.dtype.itemsize
    together = max(1, min(-(-TW // side), TILE_BYTES // of_tile))
    phase = phase_table([h], [w], S)[0]
    rows = range(0, TH, side)
    images = image_pieces(N, lanes, vector, len(rows) * z.groups)
    tasks = np.array([(group, row, *n) for n in images for group in range(z.groups) for row in rows], np.int64)
    taps = (np.array(h.taps)[:, None] * z.KW + np.array(w.taps)).ravel()
    index = _filters(task)
    mode = int("bias" in z.epilogue)
    function, gradient = activation_of(z.epilogue)
    pool = next((POOLS[step] for step in z.epilogue if step in POOLS), 0)
    filters_room = (z.KH * z.KW + scheme.size * z.KH) * winograd_loops.TOGETHER
    room = max(places * (together * (S + R) + 2) * lanes, filters_room)
    first = places * index.size
    row0 = first + threads.most() * room
    geometry = np.array([
        S, R, *task.source[2:], TH, TW, N, z.groups, lanes, together, mode, function, first, room, row0, vector, side
    ])  # fmt: skip
    offsets = np.arange(S) * lanes
    quarter, nothing, no_argmax = np.array([0.25], z.dtype), np.empty(0, z.dtype), np.empty(0, np.int32)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        packed = scratch.view(z.dtype)
        winograd_loops.winograd(
            tile_code(z.dtype), memory(ins[0]), ins[1].reshape(-1), index, taps, G, packed,
            ins[2] if mode else packed, memory(ins[-1]) if gradient else None, memory(outs[0]),
            memory(outs[1]) if pool else nothing, memory(outs[2]) if pool == 2 else no_argmax, quarter, offsets, phase,
            tasks, geometry,
        )  # fmt: skip

    order = layout.BATCH_LAST
    orders = (order, layout.PLAIN, *(layout.PLAIN,) * mode, *(order,) * gradient)
    numbers = row0 + (threads.most() * TW * N if gradient else 0)
    return Plan("Winograd, batch in the lanes", orders, outputs(z, order), numbers * z.dtype.itemsize, run)


def pays(scheme: Scheme, z: Sizes, S: int, R: int, axes: Sequence[Axis], lengths: Sequence[int]) -> bool:
    """Whether it is faster: with few channels, or few tiles, the transforms take as long as they save."""
    tiles = math.prod(-(-axis.count // scheme.outputs) for axis in axes)
    seen = math.prod(int(np.diff(valid_taps(*pair)).sum()) for pair in zip(axes, lengths, strict=True))
    vectors = -(-z.N // (2 * simd.vector_bytes() // z.dtype.itemsize))
    cost = tiles * (PRODUCT * S * R + TRANSFORM * (S + R)) + FILTER * S * R / vectors
    return seen * S * R > GAIN * scheme.size**2 * cost


def _filters(task: Task) -> np.ndarray:
    """Where in w the first weight of each filter lies, in the order group, block of rows, source channel, row."""
    z, S, R = task.z, task.S, task.R
    group, c, row = np.arange(z.groups)[:, None, None], np.arange(S)[:, None], np.arange(R)
    k, channel = (group * R + row, c) if z.direction == "forward" else (group * S + c, row)
    index = np.broadcast_to((k * (z.C // z.groups) + channel) * z.KH * z.KW, (z.groups, S, R))
    parts, first = [], 0
    for size in row_blocks(R):
        parts.append(index[:, :, first : first + size].reshape(z.groups, -1))
        first += size
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)
