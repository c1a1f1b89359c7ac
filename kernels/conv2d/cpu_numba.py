"""Numba: which of two loops a convolution takes, and the tables they walk (its third direction, the gradient of
the filters, has a plan of its own: weight_plan.py).

    batch ≥ one vector   batch-last arrays, the images in the lanes: no im2col, no border cases
    smaller batch        plain arrays, neighbouring pixels in the lanes: im2col of a block of pixels
                         that stays in the cache, multiplied at once

`forward` and `input` are the same loops with other tables (see ../window.py): what the transposed
convolution needs is a convolution of g with every so-manyth tap of the filter, once for each residue
of the stride. Below, "source" is the array that is read (x, or g) and "target" the one written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import layout, pool2d, simd, threads
from ..activation import loops as activation_loops
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..layout import memory
from ..pool2d.cpu_numba import plan as plan_pool
from ..window import Axis, backward_axis, forward_axis, valid_taps
from . import Sizes, loops
from .as_product import plan_as_product
from .cpu_numpy import outputs
from .weight_plan import weight_plan

CACHE_ITEMS = 1 << 16  # numbers of im2col that a core keeps near itself (256 KB of float32)
WANTED_TASKS = 8  # enough to share out; fixed, so that no sum depends on the number of threads
PANEL_BYTES = 384 << 10  # of what an output row sees, copied side by side: it stays in the second cache
POOLS = {"avgpool2": 1, "maxpool2": 2}


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.y_shape + z.w_shape:
        return None
    batch_last = simd.vector_bytes() // z.dtype.itemsize <= z.N
    if batch_last and (product := plan_as_product(z)):
        return product
    if z.direction == "weight":
        return weight_plan(z, batch_last)
    return _data_plan(z, batch_last)


# --- forward and input ------------------------------------------------------------------------------


def _data_plan(z: Sizes, batch_last: bool) -> Plan:
    forward = z.direction == "forward"
    if forward:
        axes_h = forward_axis(z.KH, z.OH, z.stride[0], z.padding[0], z.dilation[0])
        axes_w = forward_axis(z.KW, z.OW, z.stride[1], z.padding[1], z.dilation[1])
        source, target = z.x_shape, z.y_shape
    else:
        axes_h = backward_axis(z.KH, z.H, z.stride[0], z.padding[0], z.dilation[0])
        axes_w = backward_axis(z.KW, z.W, z.stride[1], z.padding[1], z.dilation[1])
        source, target = z.y_shape, z.x_shape
    order = layout.BATCH_LAST if batch_last else layout.PLAIN
    S, R = source[1] // z.groups, target[1] // z.groups  # channels of one group
    pixel = z.N if batch_last else 1
    phases, valid, offsets, pack = _tables(z, axes_h, axes_w, source, S, R, pixel)
    mode = int("bias" in z.epilogue)
    function, gradient = activation_of(z.epilogue)
    pool = next((POOLS[step] for step in z.epilogue if step in POOLS), 0)
    taps = pack.size // max(1, z.groups * R)
    item = z.dtype.itemsize
    on_the_way = function if batch_last or not gradient else 0  # of plain arrays the gradient is a second pass
    geometry = np.array([
        S, R, source[2], source[3], target[2], target[3], z.N, z.groups, taps, mode, on_the_way
    ])  # fmt: skip
    orders = (order, layout.PLAIN, *(layout.PLAIN,) * mode, *(order,) * gradient)
    outs_of_plan = outputs(z, order)
    if batch_last:
        tasks = _row_tasks(phases, z.groups, R, 2 if pool else 1)
        panels = pack.size + (threads.most() * target[3] * z.N if gradient else 0)
        panel = _panel(phases, S, R, z.N, source[2] * source[3] * z.N * item, panels, item)
        if panel is not None:
            offsets = _panel_offsets(phases, S, panel)
        room = panels + (0 if panel is None else threads.most() * int(panel[4]))
        quarter = np.array([0.25], z.dtype)

        def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
            packed = scratch.view(z.dtype)
            y = memory(outs[0])
            loops.direct(
                memory(ins[0]), ins[1].reshape(-1), pack, packed, ins[2] if mode else packed,
                memory(ins[-1]) if gradient else None, y, memory(outs[1]) if pool else None,
                memory(outs[2]) if pool == 2 else None, quarter, offsets, phases, valid, tasks, geometry,
                panel,
            )  # fmt: skip

        return Plan("direct, batch in the lanes", orders, outs_of_plan, room * item, run)

    width = _block_width(taps, max(h.count * w.count for h in axes_h for w in axes_w), z.N)
    tasks = _block_tasks(phases, width)
    room = pack.size + threads.most() * width * (taps + R)
    offsets = np.arange(taps) * width

    def run_columns(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        packed = scratch.view(z.dtype)
        bias = ins[2] if mode else packed
        loops.columns(
            ins[0].reshape(-1), ins[1].reshape(-1), pack, packed, bias, outs[0].reshape(-1), offsets, phases,
            tasks, geometry, width,
        )  # fmt: skip

        if gradient:
            dx = outs[0].reshape(-1)
            activation_loops.backward(dx, ins[-1].reshape(-1), dx, function)
        if then_pool:
            then_pool(outs[1:], (outs[0], quarters)[: 3 - pool], scratch)

    then_pool = _pool_run(z, pool) if pool else None
    quarters = np.full((z.OH // 2) * (z.OW // 2), 0.25, z.dtype)
    return Plan("im2col in the cache, pixels in the lanes", orders, outs_of_plan, room * item, run_columns)


def _pool_run(z: Sizes, pool: int) -> Callable[..., None] | None:
    """The pooling of the epilogue by itself, of plain arrays."""
    sizes = pool2d.Sizes(
        "avg" if pool == 1 else "max", "forward", z.N, z.K, z.OH, z.OW, 2, 2, z.OH // 2, z.OW // 2, (2, 2), (0, 0),
        (1, 1), z.dtype, layout.PLAIN,
    )  # fmt: skip
    plan = plan_pool(sizes)
    return plan.run if plan else None  # None: no window has room


def _tables(
    z: Sizes, axes_h: list[Axis], axes_w: list[Axis], source: tuple[int, ...], S: int, R: int, pixel: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `loops` reads: a line for each phase, valid taps, input offsets, where each weight comes from."""
    forward = z.direction == "forward"
    phases, valid, offsets, sources = [], [], [], []
    lines = table = 0
    for h in axes_h:
        for w in axes_w:
            phases.append([
                h.count, h.start, h.step, h.base, h.base_step, w.count, w.start, w.step, w.base, w.base_step,
                table, len(w.taps) * S, lines, lines + h.count, h.tap_step, w.tap_step, len(h.taps), len(w.taps),
            ])  # fmt: skip
            valid += [valid_taps(h, source[2]), valid_taps(w, source[3])]
            lines += h.count + w.count
            jh, jw, c = np.meshgrid(np.arange(len(h.taps)), np.arange(len(w.taps)), np.arange(S), indexing="ij")
            offsets.append((((c * source[2] + jh * h.tap_step) * source[3] + jw * w.tap_step) * pixel).ravel())
            r, s = np.array(h.taps, int)[jh.ravel()], np.array(w.taps, int)[jw.ravel()]
            sources.append(np.stack([r, s, c.ravel()]))
            table += jh.size
    r, s, c = np.concatenate(sources, axis=1)[:, None, :, None]  # (1, taps, 1)
    group, row = np.arange(z.groups)[:, None, None], np.arange(R)
    k, channel = (group * R + row, c) if forward else (group * S + c, row)
    # weight (k, channel, r, s) of w (K, C/groups, KH, KW), in the order group, tap, row
    pack = ((k * (z.C // z.groups) + channel) * z.KH + r) * z.KW + s
    return (
        np.array(phases, np.int64),
        np.concatenate(valid).astype(np.int64),
        np.concatenate(offsets).astype(np.int64),
        np.broadcast_to(pack, (z.groups, r.shape[-2], R)).reshape(-1).astype(np.int64),
    )


def _panel(
    phases: np.ndarray, S: int, R: int, N: int, channel_bytes: int, start: int, item: int
) -> np.ndarray | None:  # fmt: skip
    """A panel (loops.fill_panel): images and output columns at a time, input columns, where the first one starts
    in scratch, and its size; None where too few filters read an input for a copy to pay."""
    if len(phases) > 1 or R < 32 or (R < 64 and channel_bytes % 4096):
        return None
    lanes = min(N, 4 * simd.vector_bytes() // item)
    columns, step, rows = (int(phases[0, i]) for i in (5, 9, 16))
    beyond = int((phases[0, 17] - 1) * phases[0, 15] + 1)  # input columns of one output column
    column_size = lanes * rows * S
    block = min(columns, (PANEL_BYTES // max(1, column_size * item) - beyond) // step + 1)
    if S * rows < 64 or block < min(columns, 4):
        return None
    width = (block - 1) * step + beyond
    return np.array([lanes, block, width, start, width * column_size])


def _panel_offsets(phases: np.ndarray, S: int, panel: np.ndarray) -> np.ndarray:
    """As the offsets of `_tables`, within a panel."""
    (phase,) = phases
    jh, jw, c = np.meshgrid(np.arange(phase[16]), np.arange(phase[17]), np.arange(S), indexing="ij")
    return (((jh * S + c) * panel[2] + jw * phase[15]) * panel[0]).astype(np.int64).ravel()


def _row_tasks(phases: np.ndarray, groups: int, R: int, together: int) -> np.ndarray:
    """(group, phase, first output row, one past the last, first channel, one past the last) of each piece of work."""
    rows = [
        (group, p, q, min(q + together, phase[0]))
        for group in range(groups) for p, phase in enumerate(phases) for q in range(0, phase[0], together)
    ]  # fmt: skip
    pieces = max(1, min(-(-WANTED_TASKS // len(rows)), R // 12))
    step = -(-R // pieces)
    step = min(R, -(-step // 12) * 12) if pieces > 1 else R
    return np.array([(*row, k, min(k + step, R)) for row in rows for k in range(0, R, step)], np.int64)


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
