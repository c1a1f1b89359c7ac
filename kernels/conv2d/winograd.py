"""Winograd's convolution F(4×4, 3×3): 36 multiplications for 4×4 outputs of a 3×3 filter instead of 144.

    y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A          d: 6×6 pixels, g: 3×3 weights, y: 4×4 pixels

In batch-last order each of the 36 places is a product of matrices over the channels, done by `tiles`, and the
transforms are sums of vectors of images, which have to be paid for by many channels (_pays).

Polynomials are multiplied by way of their values at six points (Lavin & Gray 2016, "Fast algorithms for
convolutional neural networks"). Theirs are 0, ±1, ±2 and infinity; at 0, ±3/4, ±3/2 and infinity the powers
stay nearer to 1, and less of the sums is lost to rounding (how to choose them: Barabasz et al. 2020, "Error
analysis and improving the accuracy of Winograd convolution for deep neural networks").

Measured on random numbers against float64, with 32 … 256 channels: the root mean square of the error is
0.6 … 1.6·10⁻⁶ of the outputs', the largest error 1.3 … 3.4·10⁻⁶ of the largest output, which is twice what the
direct loops lose (0.3 … 0.8 and 0.8 … 1.8·10⁻⁶). float64 arrays take the direct loops. An infinity or NaN makes
NaN of all 16 pixels of a tile that sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, threads
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..layout import memory
from ..tile import row_blocks, vector_blocks
from ..tile_code import tile_code
from ..window import valid_taps
from . import winograd_loops
from .cpu_numpy import outputs
from .data_plan import POOLS, Task, image_pieces, phase_table

P, Q = 3 / 4, 3 / 2
FACTORS = (1 / (P * P * Q * Q), *(0.5 / (P * P * (P * P - Q * Q)),) * 2, *(0.5 / (Q * Q * (Q * Q - P * P)),) * 2)
G = np.array([
    *([factor, factor * x, factor * x * x] for factor, x in zip(FACTORS, (0, P, -P, Q, -Q), strict=True)), [0, 0, 1]
], np.float32)  # fmt: skip

# What is compared, in multiply-adds of all lanes: measured, and rounded in favour of the direct loops.
TRANSFORM, FILTER, GAIN = 500, 40, 1.35  # of one tile and channel, of one filter; how much faster it has to be
IMAGES = 32  # at a time, if a block of `tile` has no more: two lines of the cache for each pixel that is read
TILE_BYTES = 2 << 20  # of the transformed pixels and the products of the tiles done together


def plan_winograd(task: Task) -> Plan | None:
    """The plan, for batch-last arrays of float32; None where the filters are not 3×3, or too few."""
    z, S, R = task.z, task.S, task.R
    plain = (z.KH, z.KW, z.stride, z.dilation) == (3, 3, (1, 1), (1, 1))
    if not plain or z.dtype != np.float32 or not _pays(task):
        return None
    (h,), (w,) = task.axes_h, task.axes_w
    N, (TH, TW) = z.N, task.target[2:]
    vector = simd.vector_bytes() // z.dtype.itemsize
    block = vector * vector_blocks(row_blocks(R)[-1])[0]
    lanes = min(N, max(block, IMAGES // block * block))
    of_tile = winograd_loops.PLACES * (S + R) * lanes * z.dtype.itemsize
    together = max(1, min(-(-TW // 4), TILE_BYTES // of_tile))
    phase = phase_table([h], [w], S)[0]
    rows = range(0, TH, 4)
    images = image_pieces(N, lanes, vector, len(rows) * z.groups)
    tasks = np.array([(group, row, *n) for n in images for group in range(z.groups) for row in rows], np.int64)
    taps = (np.array(h.taps)[:, None] * 3 + np.array(w.taps)).ravel()
    index = _filters(task)
    mode = int("bias" in z.epilogue)
    function, gradient = activation_of(z.epilogue)
    pool = next((POOLS[step] for step in z.epilogue if step in POOLS), 0)
    room = winograd_loops.PLACES * (together * (S + R) + 2) * lanes
    first = winograd_loops.PLACES * index.size
    row0 = first + threads.most() * room
    geometry = np.array([
        S, R, *task.source[2:], TH, TW, N, z.groups, lanes, together, mode, function, first, room, row0, vector
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


def _pays(task: Task) -> bool:
    """Whether it is faster: with few channels, or few tiles, the transforms take as long as they save."""
    S, R = task.S, task.R
    (h,), (w,) = task.axes_h, task.axes_w
    tiles = -(-h.count // 4) * -(-w.count // 4)
    seen = [int(np.diff(valid_taps(axis, task.source[i])).sum()) for i, axis in ((2, h), (3, w))]
    blocks = -(-task.z.N // (2 * simd.vector_bytes() // task.z.dtype.itemsize))
    cost = tiles * (winograd_loops.PLACES * 1.2 * S * R + TRANSFORM * (S + R)) + FILTER * S * R / blocks
    return seen[0] * seen[1] * S * R > GAIN * cost


def _filters(task: Task) -> np.ndarray:
    """Where in w the first weight of each filter lies, in the order group, block of rows, source channel, row."""
    z, S, R = task.z, task.S, task.R
    group, c, row = np.arange(z.groups)[:, None, None], np.arange(S)[:, None], np.arange(R)
    k, channel = (group * R + row, c) if z.direction == "forward" else (group * S + c, row)
    index = np.broadcast_to((k * (z.C // z.groups) + channel) * 9, (z.groups, S, R))
    parts, first = [], 0
    for size in row_blocks(R):
        parts.append(index[:, :, first : first + size].reshape(z.groups, -1))
        first += size
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)
