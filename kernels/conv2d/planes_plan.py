"""The plan of `forward` and `input` for plain arrays, whose batches are smaller than a vector: the lanes are pixels.

A band of the source's rows is copied with zeros around, so that neighbouring output pixels see neighbouring
numbers through every tap; what is computed over the ends of the rows is left out at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import layout, pool2d, threads
from ..activation import loops as activation_loops
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..pool2d.cpu_numba import plan as plan_pool
from ..tile_code import tile_code
from . import Sizes, data_loops
from .cpu_numpy import outputs
from .data_plan import POOLS, WANTED_TASKS, Task, phase_table, row_pieces, taps_of, weight_table

PLANE_BYTES = 320 << 10  # of a band of rows and of what is computed of it: it stays in the second cache
SMALL_TASK = 1 << 16  # multiplications below which nothing is shared out
FEW_PIXELS = 64  # of a band: with fewer, the filters cost more than the pixels


class Planes(NamedTuple):
    """How one phase is copied and cut (data_loops.fill_planes)."""

    offsets: np.ndarray  # of its taps in the copy
    bands: list[tuple[int, int]]  # of rows
    pieces: list[tuple[int, int]]  # of channels, the same for all phases
    copied: int  # numbers of the copy of a band
    computed: int  # numbers of the result of a piece


def plan_planes(task: Task) -> Plan:
    """Plain arrays: the lanes are the pixels."""
    z, S, R = task.z, task.S, task.R
    phases = phase_table(task.axes_h, task.axes_w, S)
    mode = int("bias" in z.epilogue)
    function, gradient = activation_of(z.epilogue)
    pool = next((POOLS[step] for step in z.epilogue if step in POOLS), 0)
    forward = z.direction == "forward"
    cut: list[Planes] = []
    for phase in phases:
        cut.append(_planes(task, phase, cut[0].pieces if cut else None))
    pieces = cut[0].pieces
    tasks = np.array([
        (p, *band, *piece) for piece in pieces for p, part in enumerate(cut) for band in part.bands
    ], np.int64)  # fmt: skip
    offsets = np.concatenate([part.offsets for part in cut]).astype(np.int64)
    # the filters of a forward pass are read as they lie: their taps are in the order channel, row, column
    pack = np.zeros(0, np.int32) if forward else weight_table(task, pieces)
    room = -(-np.array([part[3:] for part in cut]).max(axis=0) // 16) * 16
    on_the_way = 0 if gradient else function  # of plain arrays the gradient is a second pass
    geometry = np.array([
        S, R, *task.source[2:], *task.target[2:], z.N, z.groups, offsets.size, mode, on_the_way, pack.size
    ])  # fmt: skip
    then_pool = _pool_run(z, pool) if pool else None
    quarters = np.full((z.OH // 2) * (z.OW // 2), 0.25, z.dtype)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        packed = scratch.view(z.dtype)
        y = outs[0].reshape(-1)
        filters = ins[1].reshape(-1)
        if pack.size:
            data_loops.rearrange(filters, pack, packed)
        data_loops.planes(
            tile_code(z.dtype), ins[0].reshape(-1), filters, packed, ins[2] if mode else packed, y, offsets, phases,
            tasks, geometry, room,
        )  # fmt: skip
        if gradient:
            activation_loops.backward(y, ins[-1].reshape(-1), y, function)
        if then_pool:
            then_pool(outs[1:], (outs[0], quarters)[: 3 - pool], scratch)

    order = layout.PLAIN
    numbers = pack.size + threads.most() * int(room.sum())
    orders = (order,) * (2 + mode + gradient)
    return Plan("pixels in the lanes", orders, outputs(z, order), max(1, numbers) * z.dtype.itemsize, run)


def _planes(task: Task, phase: np.ndarray, pieces: list[tuple[int, int]] | None) -> Planes:
    """How one phase is copied and cut, with the pieces of another. The last columns of `phase` are filled in."""
    z, S, R = task.z, task.S, task.R
    rows, columns, step_h, step_w, first_h, first_w = (int(phase[i]) for i in (0, 5, 4, 9, 3, 8))
    h, w, c = taps_of(phase, S)
    if z.direction == "forward":
        h, w, c = (axis.reshape(z.KH, z.KW, S).transpose(2, 0, 1).ravel() for axis in (h, w, c))
    last_h, last_w = int(max(phase[16] - 1, 0) * phase[14]), int(max(phase[17] - 1, 0) * phase[15])
    inside = step_h == step_w == 1 and min(first_h, first_w) >= 0 and (
        first_h + rows - 1 + last_h < task.source[2] and first_w + columns - 1 + last_w < task.source[3]
    )  # fmt: skip
    pitch = task.source[3] if inside else columns + last_w // step_w
    planes_h, planes_w = min(step_h, last_h + 1), min(step_w, last_w + 1)
    of_row = (S * planes_h * planes_w + R) * pitch * z.dtype.itemsize
    others = z.N * z.groups * (1 if z.direction == "forward" else len(task.axes_h) * len(task.axes_w))
    wanted = min(max(1, rows * columns * R * h.size // SMALL_TASK), -(-WANTED_TASKS // others))
    most = max(1, (PLANE_BYTES - of_row) // of_row)  # rows of a band
    count = min(rows, max(-(-rows // most), min(wanted, rows * pitch // FEW_PIXELS), 1))
    band = -(-rows // count)
    if pieces is None:
        pieces = row_pieces(R, -(-wanted // count))
    plane = 0 if inside else (band + last_h // step_h) * pitch
    phase[18:] = pitch, plane
    if inside:
        offsets = (c * task.source[2] + h) * pitch + w
    else:
        of_tap = (c * planes_h + h % step_h) * planes_w + w % step_w
        offsets = of_tap * plane + h // step_h * pitch + w // step_w
    bands = [(i * rows // count, (i + 1) * rows // count) for i in range(count)]
    computed = -(-band * pitch // 16) * 16 * max(last - first for first, last in pieces)
    return Planes(offsets, bands, pieces, S * planes_h * planes_w * plane, computed)


def _pool_run(z: Sizes, pool: int) -> Callable[..., None] | None:
    """The pooling of the epilogue by itself, of plain arrays."""
    sizes = pool2d.Sizes(
        "avg" if pool == 1 else "max", "forward", z.N, z.K, z.OH, z.OW, 2, 2, z.OH // 2, z.OW // 2, (2, 2), (0, 0),
        (1, 1), z.dtype, layout.PLAIN,
    )  # fmt: skip
    plan = plan_pool(sizes)
    return plan.run if plan else None  # None: no window has room
