"""Numba: which of four loops a convolution takes, and the tables they walk.

    batch ≥ one vector   batch-last arrays, the images in the lanes: no im2col, no border cases
    smaller batch        plain arrays, neighbouring pixels in the lanes: im2col of a block of pixels
                         that stays in the cache, multiplied at once

`forward` and `input` are the same loops with other tables (see ../window.py): what the transposed
convolution needs is a convolution of g with every so-manyth tap of the filter, once for each residue
of the stride. Below, "source" is the array that is read (x, or g) and "target" the one written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, threads
from ..dispatch import Output, Plan
from ..layout import memory
from ..window import forward_axis, valid_taps
from . import Sizes, loops
from .as_product import plan_as_product
from .data_plan import phase_table, plan_direct, plan_planes, task_of
from .winograd import plan_winograd

CACHE_ITEMS = 1 << 16  # numbers of im2col that a core keeps near itself (256 KB of float32)
WANTED_TASKS = 8  # enough to share out; fixed, so that no sum depends on the number of threads
PARTIAL_BYTES = 16 << 20  # for the partial sums of a weight gradient


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.y_shape + z.w_shape:
        return None
    batch_last = simd.vector_bytes() // z.dtype.itemsize <= z.N
    if batch_last and (product := plan_as_product(z)):
        return product
    if z.direction == "weight":
        return _weight_plan(z, batch_last)
    task = task_of(z)
    if not batch_last:
        return plan_planes(task)
    return plan_winograd(task) or plan_direct(task)


# --- weight -----------------------------------------------------------------------------------------


def _block_width(taps: int, pixels: int, N: int) -> int:
    """How many pixels im2col writes at a time: what stays in the cache, in whole blocks of lanes."""
    fits = max(64, CACHE_ITEMS // max(taps, 1) // 64 * 64)
    share = -(-pixels * N // WANTED_TASKS)
    return min(fits, max(64, -(-share // 64) * 64), -(-pixels // 64) * 64)


def _block_tasks(phases: np.ndarray, width: int) -> np.ndarray:
    """(phase, first pixel, one past the last) of each block of one image and group."""
    tasks = []
    for p, phase in enumerate(phases):
        pixels = int(phase[0] * phase[5])
        tasks += [(p, first, min(first + width, pixels)) for first in range(0, pixels, width)]
    return np.array(tasks, np.int64)


def _weight_plan(z: Sizes, batch_last: bool) -> Plan:
    C, K = z.C // z.groups, z.K // z.groups
    order = layout.BATCH_LAST if batch_last else layout.PLAIN
    bias = bool(z.epilogue)
    taps, item = C * z.KH * z.KW, z.dtype.itemsize
    outputs = (Output(z.w_shape, z.dtype), *((Output((z.K,), z.dtype),) if bias else ()))
    geometry = np.array([
        C, K, z.H, z.W, z.OH, z.OW, z.N, z.groups, taps, z.KH, z.KW, *z.stride, *z.padding, *z.dilation, int(bias)
    ])  # fmt: skip
    one_chunk = z.K * (taps + 1)

    if batch_last:
        chunks = _chunks(z.OH, one_chunk * item)
        (h,) = forward_axis(z.KH, z.OH, z.stride[0], z.padding[0], z.dilation[0])
        valid_h = valid_taps(h, z.H)  # for each output row, the taps r inside the image
        columns = np.arange(z.OW) * z.stride[1] - z.padding[1]
        inside = [(columns + s * z.dilation[1] >= 0) & (columns + s * z.dilation[1] < z.W) for s in range(z.KW)]
        valid_w = np.array([(i.argmax(), i.argmax() + i.sum()) for i in inside], np.int64)  # for each tap s
        s, r, c = np.meshgrid(np.arange(z.KW), np.arange(z.KH), np.arange(C), indexing="ij")
        offsets = (((c * z.H + r * z.dilation[0]) * z.W + s * z.dilation[1]) * z.N).ravel()
        unpack = ((c * z.KH + r) * z.KW + s).ravel()  # where tap (s, r, c) stands in w

        def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
            partial = scratch.view(z.dtype)
            loops.weight_direct(
                memory(ins[0]), memory(ins[1]), outs[0].reshape(-1), outs[1] if bias else partial, offsets, valid_h,
                valid_w, unpack, partial, geometry, chunks,
            )  # fmt: skip

        return Plan("direct, batch in the lanes", (order, order), outputs, chunks * one_chunk * item, run)

    (h,) = forward_axis(z.KH, z.OH, z.stride[0], z.padding[0], z.dilation[0])
    (w,) = forward_axis(z.KW, z.OW, z.stride[1], z.padding[1], z.dilation[1])
    phases = phase_table([h], [w], C)
    width = _block_width(taps, z.OH * z.OW, z.N)
    blocks = _block_tasks(phases, width)
    chunks = _chunks(len(blocks) * z.N, one_chunk * item)
    offsets = np.arange(taps) * width
    r, s, c = np.meshgrid(np.arange(z.KH), np.arange(z.KW), np.arange(C), indexing="ij")
    unpack = ((c * z.KH + r) * z.KW + s).ravel()
    room = chunks * one_chunk + threads.most() * width * taps

    def run_columns(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(z.dtype)
        loops.weight_columns(
            ins[0].reshape(-1), ins[1].reshape(-1), outs[0].reshape(-1), outs[1] if bias else partial, offsets,
            phases, blocks, unpack, partial, geometry, chunks, width,
        )  # fmt: skip

    return Plan("im2col in the cache, pixels in the lanes", (order, order), outputs, room * item, run_columns)


def _chunks(pieces: int, bytes_of_one: int) -> int:
    """Into how many partial sums the work is cut."""
    return max(1, min(WANTED_TASKS, pieces, PARTIAL_BYTES // max(bytes_of_one, 1)))
