"""Winograd's convolution F(4×4, 3×3): 36 multiplications for 4×4 outputs of a 3×3 filter instead of 144.

    y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A          d: 6×6 pixels, g: 3×3 weights, y: 4×4 pixels

In batch-last order each of the 36 places is a product of matrices over the channels, done by `tiles`, and the
transforms are sums of vectors of images. They have to be paid for by many channels (CHANNELS).

Polynomials are multiplied by way of their values at six points (Lavin & Gray 2016, "Fast algorithms for
convolutional neural networks"). Theirs are 0, ±1, ±2 and infinity; at 0, ±3/4, ±3/2 and infinity the powers
stay nearer to 1, and less of the sums is lost to rounding (how to choose them: Barabasz et al. 2020, "Error
analysis and improving the accuracy of Winograd convolution for deep neural networks").

ACCURACY_SENTENCE
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
from . import winograd_loops
from .cpu_numpy import outputs
from .data_plan import POOLS, Task, image_pieces, phase_table

CHANNELS = 32  # of source and target at least; with fewer the transforms take as long as they save
IMAGES = 32  # at a time, if a block of `tile` has no more: two lines of the cache for each pixel that is read
TILE_BYTES = 2 << 20  # of the transformed pixels and the products of the tiles done together


def plan_winograd(task: Task) -> Plan | None:
    """The plan, for batch-last arrays of float32; None where the filters are not 3×3, or too few."""
    z, S, R = task.z, task.S, task.R
    plain = (z.KH, z.KW, z.stride, z.dilation) == (3, 3, (1, 1), (1, 1))
    if not plain or z.dtype != np.float32 or min(S, R) < CHANNELS or min(task.target[2:]) < 3:
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
    tasks = np.array([(group, row, *n) for group in range(z.groups) for row in rows for n in images], np.int64)
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
    p, q = 0.5625, 2.25  # squares of the points 3/4 and 3/2
    factors = np.array([1 / (p * q), 0.5 / (p * (p - q)), 0.5 / (q * (q - p)), 0.75, 1.5], z.dtype)
    quarter = np.array([0.25], z.dtype)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        packed = scratch.view(z.dtype)
        winograd_loops.winograd(
            tile_code(z.dtype), memory(ins[0]), ins[1].reshape(-1), index, taps, factors, packed,
            ins[2] if mode else packed, memory(ins[-1]) if gradient else None, memory(outs[0]),
            memory(outs[1]) if pool else None, memory(outs[2]) if pool == 2 else None, quarter, offsets, phase, tasks,
            geometry,
        )  # fmt: skip

    order = layout.BATCH_LAST
    orders = (order, layout.PLAIN, *(layout.PLAIN,) * mode, *(order,) * gradient)
    numbers = row0 + (threads.most() * TW * N if gradient else 0)
    return Plan("Winograd, batch in the lanes", orders, outputs(z, order), numbers * z.dtype.itemsize, run)


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
