"""Numba: which of three loops the gradient of the filters takes, and the tables they walk.

many taps and filters   the filters in the lanes: outer products, one for each pixel and image
else, batch ≥ a vector  the images in the lanes: products of runs that lie so in memory
else                    the pixels in the lanes: products of runs that are copied together
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, sums, threads
from ..dispatch import Output, Plan
from ..layout import memory
from ..window import forward_axis, valid_taps
from . import Sizes, weight_loops

WANTED_TASKS = 8  # enough to share out; fixed, so that no sum depends on the number of threads
PARTIAL_BYTES = 16 << 20  # for the partial sums
PIECE = 1024  # numbers of a run, about: what all filters and taps read stays near
MANY_TAPS = 48  # that pay for transposing g
MANY_CHANNELS = 32  # batch-last, where runs are long: with fewer, outer products are no faster
FIRST_CACHE, SECOND_CACHE = 16 << 10, 256 << 10  # bytes of either that a block may fill
LANES = 32  # images of a block of outer products


def weight_plan(z: Sizes, batch_last: bool) -> Plan:
    """The plan; every case is taken."""
    bias = bool(z.epilogue)
    outputs = (Output(z.w_shape, z.dtype), *((Output((z.K,), z.dtype),) if bias else ()))
    order = layout.BATCH_LAST if batch_last else layout.PLAIN
    vector = simd.vector_bytes() // z.dtype.itemsize
    if (z.KH, z.KW, *z.stride, *z.padding) == (1, 1, 1, 1, 0, 0) and (z.H, z.W) == (z.OH, z.OW):
        z = z._replace(H=1, W=z.H * z.W, OH=1, OW=z.H * z.W)  # it matters to no sum where a row ends
    C, K = z.C // z.groups, z.K // z.groups
    thick = min(C, K) >= MANY_CHANNELS if batch_last else vector <= K
    if thick and C * z.KH * z.KW >= MANY_TAPS:
        return _outer(z, batch_last, order, outputs)
    return (_direct if batch_last else _rows)(z, order, outputs)


def _direct(z: Sizes, order: str, outputs: tuple[Output, ...]) -> Plan:
    C, K = z.C // z.groups, z.K // z.groups
    taps, item, bias = C * z.KH * z.KW, z.dtype.itemsize, bool(z.epilogue)
    geometry = np.array([
        C, K, z.H, z.W, z.OH, z.OW, z.N, z.groups, taps, z.KH, z.KW, *z.stride, *z.padding, int(bias)
    ])  # fmt: skip
    one_chunk = z.K * (taps + 1)
    chunks = _chunks(z.OH, one_chunk * item)
    (h,) = forward_axis(z.KH, z.OH, z.stride[0], z.padding[0], z.dilation[0])
    valid_h = valid_taps(h, z.H)  # for each output row, the taps r inside the image
    columns = np.arange(z.OW) * z.stride[1] - z.padding[1]
    inside = [(columns + s * z.dilation[1] >= 0) & (columns + s * z.dilation[1] < z.W) for s in range(z.KW)]
    valid_w = np.array([(i.argmax(), i.argmax() + i.sum()) for i in inside], np.int64)  # for each tap s
    s, r, c = np.meshgrid(np.arange(z.KW), np.arange(z.KH), np.arange(C), indexing="ij")
    offsets = (((c * z.H + r * z.dilation[0]) * z.W + s * z.dilation[1]) * z.N).ravel()
    unpack = ((c * z.KH + r) * z.KW + s).ravel()  # where tap (s, r, c) stands in w
    unit = 16 if z.stride[1] == 1 else z.N  # whole pixels, where the stride leaves some out
    pieces = max(1, round(z.OW * z.N / PIECE))
    piece = -(-z.OW * z.N // pieces // unit) * unit

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(z.dtype)
        weight_loops.weight_direct(
            memory(ins[0]), memory(ins[1]), outs[0].reshape(-1), outs[1] if bias else partial, offsets, valid_h,
            valid_w, unpack, partial, geometry, chunks, piece,
        )  # fmt: skip

    return Plan("direct, batch in the lanes", (order, order), outputs, chunks * one_chunk * item, run)


def _rows(z: Sizes, order: str, outputs: tuple[Output, ...]) -> Plan:
    C, K = z.C // z.groups, z.K // z.groups
    taps, item, bias = C * z.KH * z.KW, z.dtype.itemsize, bool(z.epilogue)
    (sh, sw), (dh, dw) = z.stride, z.dilation
    width = z.OW + (z.KW - 1) * dw // sw  # of a plane
    most = max(1, min(z.OH, max(256, FIRST_CACHE // item // K) // width))
    count = -(-z.OH // -(-z.OH // most))  # output rows of a block, equal ones
    rows = count + (z.KH - 1) * dh // sh
    c, r, s = np.meshgrid(np.arange(C), np.arange(z.KH) * dh, np.arange(z.KW) * dw, indexing="ij")
    offsets = ((((c * sh + r % sh) * sw + s % sw) * rows + r // sh) * width + s // sw).ravel()
    unpack = np.arange(taps)
    blocks = np.array([
        (n, oh, min(count, z.OH - oh)) for n in range(z.N) for oh in range(0, z.OH, count)
    ], np.int64)  # fmt: skip
    chunks = _chunks(len(blocks), z.K * (taps + 1) * item)
    pieces = min(z.groups, -(-WANTED_TASKS // chunks))
    tasks = np.array([
        (*_share(len(blocks), chunks, chunk), chunk, *_share(z.groups, pieces, i))
        for chunk in range(chunks) for i in range(pieces)
    ], np.int64)  # fmt: skip
    panel, filters = C * sh * sw * rows * width, K * count * width
    geometry = np.array([
        C, K, z.H, z.W, z.OH, z.OW, taps, sh, sw, *z.padding, rows, width, panel, filters, z.groups, chunks, int(bias)
    ])  # fmt: skip
    room = chunks * z.K * (taps + 1) + threads.most() * (panel + filters)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(z.dtype)
        weight_loops.weight_rows(
            ins[0].reshape(-1), ins[1].reshape(-1), outs[0].reshape(-1), outs[1] if bias else partial, offsets,
            blocks, tasks, unpack, partial, geometry,
        )  # fmt: skip

    return Plan("rows side by side, pixels in the lanes", (order, order), outputs, room * item, run)


def _outer(z: Sizes, batch_last: bool, order: str, outputs: tuple[Output, ...]) -> Plan:
    C, K = z.C // z.groups, z.K // z.groups
    taps, item, bias = C * z.KH * z.KW, z.dtype.itemsize, bool(z.epilogue)
    (sh, sw), (dh, dw) = z.stride, z.dilation
    lane = simd.vector_bytes() // item
    vectors = sums.outer_vectors()
    pixels = FIRST_CACHE // (vectors * simd.vector_bytes())  # of a block: g, transposed, stays in the first cache
    lanes = -(-z.N // -(-z.N // min(LANES, pixels))) if batch_last else 1
    columns = -(-z.OW // max(1, round(z.OW * lanes / pixels)))
    whole_rows = max(1, round(pixels / (z.OW * lanes))) if columns == z.OW else 1
    rows = -(-z.OH // -(-z.OH // whole_rows))
    width, high = (columns - 1) * sw + (z.KW - 1) * dw + 1, (rows - 1) * sh + (z.KH - 1) * dh + 1
    channel = high * width * lanes
    c_step = max(1, min(C, SECOND_CACHE // item // channel))
    c_step = -(-C // -(-C // c_step))

    (h,) = forward_axis(z.KH, z.OH, sh, z.padding[0], dh)
    valid = valid_taps(h, z.H)
    images = [(l0, l0, min(lanes, z.N - l0)) for l0 in range(0, z.N, lanes)]  # where in x, where in g, how many
    if not batch_last:
        images = [(n * z.C * z.H * z.W, n * z.K * z.OH * z.OW, 1) for n in range(z.N)]
    block_list = []
    for oh in range(0, z.OH, rows):
        seen = valid[oh : oh + rows]
        seen = seen[seen[:, 1] > seen[:, 0]]
        r0, r1 = (int(seen[:, 0].min()), int(seen[:, 1].max())) if len(seen) else (0, 0)
        for ow in range(0, z.OW, columns):
            for x0, g0, count in images:
                block_list.append((x0, g0, oh, min(rows, z.OH - oh), ow, min(columns, z.OW - ow), count, r0, r1))

    blocks = np.array(block_list, np.int64)
    k_step = min(-(-K // lane) * lane, 4 * vectors * lane)
    while z.groups * -(-K // k_step) * -(-C // c_step) * len(blocks) < WANTED_TASKS and k_step > vectors * lane:
        k_step = max(vectors * lane, k_step // 2)
    pieces = z.groups * -(-K // k_step) * -(-C // c_step)
    padded = -(-K // lane) * lane
    chunk_size = z.groups * (taps + 1) * padded
    chunks = max(1, min(-(-WANTED_TASKS // pieces), len(blocks), PARTIAL_BYTES // (chunk_size * item)))
    tasks = np.array([
        (*_share(len(blocks), chunks, chunk), chunk, group, c, min(C, c + c_step), k, min(K, k + k_step))
        for chunk in range(chunks) for group in range(z.groups)
        for c in range(0, C, c_step) for k in range(0, K, k_step)
    ], np.int64)  # fmt: skip

    # Taps in the order piece of the channels, r, c, s: those whose rows lie inside the image stand together.
    offset_parts, unpack_parts = [], []
    for c0 in range(0, C, c_step):
        r, c, s = np.meshgrid(np.arange(z.KH), np.arange(min(c_step, C - c0)), np.arange(z.KW), indexing="ij")
        offset_parts.append((((c * high + r * dh) * width + s * dw) * lanes).ravel())
        unpack_parts.append((((c0 + c) * z.KH + r) * z.KW + s).ravel())
    offsets, unpack = np.concatenate(offset_parts), np.concatenate(unpack_parts)
    q, o, n = np.meshgrid(np.arange(rows) * sh, np.arange(columns) * sw, np.arange(lanes), indexing="ij")
    places = ((q * width + o) * lanes + n).ravel()
    places = np.concatenate([places, np.zeros_like(places)])  # the second half stays where it is: for the bias
    panel, filters = c_step * channel + 1, max(rows * columns * lanes * vectors * lane, weight_loops.FEW**2)
    geometry = np.array([
        C, K, z.H, z.W, z.OH, z.OW, z.N if batch_last else 1, taps, z.KH, z.KW, sh, sw, *z.padding, int(bias), z.groups,
        lanes, columns, rows, width, high, padded, panel, filters, vectors, lane, chunks,
    ])  # fmt: skip
    room = chunks * chunk_size + threads.most() * (panel + filters)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(z.dtype)
        weight_loops.weight_outer(
            memory(ins[0]), memory(ins[1]), outs[0].reshape(-1), outs[1] if bias else partial, offsets, places, blocks,
            tasks, unpack, partial, geometry,
        )  # fmt: skip

    return Plan("outer products, filters in the lanes", (order, order), outputs, room * item, run)


def _share(count: int, pieces: int, i: int) -> tuple[int, int]:
    """Where piece i of `pieces` about equal ones begins and ends."""
    return i * count // pieces, (i + 1) * count // pieces


def _chunks(pieces: int, bytes_of_one: int) -> int:
    """Into how many partial sums the work is cut."""
    return max(1, min(WANTED_TASKS, pieces, PARTIAL_BYTES // max(bytes_of_one, 1)))
