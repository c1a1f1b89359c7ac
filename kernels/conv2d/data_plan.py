"""`forward` and `input`: the tables that the loops of data_loops.py walk, and the plan for batch-last arrays.

Both are the same loops with other tables (see ../window.py): what the transposed convolution needs is a
convolution of g with some taps of the filter, at equal distances, once for each residue of the stride. Below,
"source" is the array that is read (x, or g) and "target" the one written; S and R are their channels of one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import layout, simd, threads
from ..activation.cpu_numba import activation_of
from ..dispatch import Plan
from ..layout import memory
from ..tile import row_blocks, vector_blocks
from ..tile_code import tile_code
from ..window import Axis, backward_axis, forward_axis, valid_taps
from . import Sizes, data_loops
from .cpu_numpy import outputs

WANTED_TASKS = 8  # enough to share out; fixed, so that no sum depends on the number of threads
PANEL_BYTES = 256 << 10  # of what a band of rows sees, copied together: it stays in the second cache
NEAR_BYTES = 8 << 10  # what a pixel sees of all images; more is copied together first
BAND = 4  # rows of a band at most, if they are copied together
POOLS = {"avgpool2": 1, "maxpool2": 2}


class Task(NamedTuple):
    """What `forward` and `input` have in common."""

    z: Sizes
    axes_h: list[Axis]
    axes_w: list[Axis]
    source: tuple[int, int, int, int]
    target: tuple[int, int, int, int]

    @property
    def S(self) -> int:
        """Source channels of one group."""
        return self.source[1] // self.z.groups

    @property
    def R(self) -> int:
        """Target channels of one group: the rows of a product."""
        return self.target[1] // self.z.groups


def task_of(z: Sizes) -> Task:
    """What is read and written in one direction, through which windows."""
    forward = z.direction == "forward"
    axis = forward_axis if forward else backward_axis
    source, target = (z.x_shape, z.y_shape) if forward else (z.y_shape, z.x_shape)
    axes_h = axis(z.KH, target[2], z.stride[0], z.padding[0], z.dilation[0])
    axes_w = axis(z.KW, target[3], z.stride[1], z.padding[1], z.dilation[1])
    return Task(z, axes_h, axes_w, source, target)


def phase_table(axes_h: list[Axis], axes_w: list[Axis], S: int) -> np.ndarray:
    """A line for each pair of families of windows: how many, where they are and begin, which taps.

     0  rows, their first one and step in the target, the source row of the first one and the step there
     5  the same of columns
    10  its first tap among those of all phases, taps of one row of the window, where its lines of the table of
        valid taps begin: of rows, of columns
    14  steps of the taps in the source and number of taps, of rows and columns
    18  (filled by planes_plan.py) numbers from one row of the copy to the next, and of one plane of it
    """
    phases = []
    lines = table = 0
    for h in axes_h:
        for w in axes_w:
            phases.append([
                h.count, h.start, h.step, h.base, h.base_step, w.count, w.start, w.step, w.base, w.base_step,
                table, len(w.taps) * S, lines, lines + h.count, h.tap_step, w.tap_step, len(h.taps), len(w.taps), 0, 0,
            ])  # fmt: skip
            lines += h.count + w.count
            table += len(h.taps) * len(w.taps) * S
    return np.array(phases, np.int64)


def _valid(task: Task) -> np.ndarray:
    """For each row, then each column of each phase: the first valid tap and the one after the last."""
    axes = [(h, w) for h in task.axes_h for w in task.axes_w]
    pairs = [valid_taps(axis, task.source[2 + i]) for pair in axes for i, axis in enumerate(pair)]
    return np.concatenate(pairs).astype(np.int64)


def weight_table(task: Task, pieces: Sequence[tuple[int, int]]) -> np.ndarray:
    """Where in w each weight comes from, in the order group, phase, piece of rows, block of rows, tap, row."""
    z, S, R = task.z, task.S, task.R
    group, row = np.arange(z.groups)[:, None, None], np.arange(R)
    parts = []
    for h in task.axes_h:
        for w in task.axes_w:
            taps = np.meshgrid(np.array(h.taps, int), np.array(w.taps, int), np.arange(S), indexing="ij")
            r, s, c = (axis.reshape(1, -1, 1) for axis in taps)
            k, channel = (group * R + row, c) if z.direction == "forward" else (group * S + c, row)
            index = ((k * (z.C // z.groups) + channel) * z.KH + r) * z.KW + s  # (groups, taps, R)
            index = np.broadcast_to(index, (z.groups, r.size, R))
            for first, last in pieces:
                for size in row_blocks(last - first):
                    parts.append(index[:, :, first : first + size].reshape(z.groups, -1))
                    first += size
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def taps_of(phase: np.ndarray, S: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source row, column and channel of each tap of a phase, seen from the first one: channels innermost."""
    rows, columns, c = np.meshgrid(np.arange(phase[16]), np.arange(phase[17]), np.arange(S), indexing="ij")
    return rows.ravel() * phase[14], columns.ravel() * phase[15], c.ravel()


def row_pieces(R: int, wanted: int) -> list[tuple[int, int]]:
    """The rows 0 … R in at most `wanted` pieces, equal ones of at least two blocks each."""
    count = max(1, min(wanted, R // 8))
    return [(i * R // count, (i + 1) * R // count) for i in range(count)]


class Panel(NamedTuple):
    """What a band of rows sees, copied together (data_loops.fill_panel)."""

    images: int  # at a time
    columns: int  # of the output at a time
    rows: int  # of the output in a band
    width: int  # columns of the source
    numbers: int


def plan_direct(task: Task) -> Plan:
    """Batch-last arrays: the lanes are the images."""
    z, S, R = task.z, task.S, task.R
    item = z.dtype.itemsize
    lanes = simd.vector_bytes() // item
    phases = phase_table(task.axes_h, task.axes_w, S)
    mode = int("bias" in z.epilogue)
    function, gradient = activation_of(z.epilogue)
    pool = next((POOLS[step] for step in z.epilogue if step in POOLS), 0)
    panel = _panel(task, phases, lanes, 2 if pool else 1)
    together = panel.rows if panel else 2 if pool else 1
    bands = [
        (group, p, q, min(q + together, int(phase[0])))
        for group in range(z.groups) for p, phase in enumerate(phases) for q in range(0, phase[0], together)
    ]  # fmt: skip
    step = panel.images if panel else 4 * lanes
    pieces = row_pieces(R, -(-WANTED_TASKS // (len(bands) * -(-z.N // step))))
    while step % 2 == 0 and step >= 4 * lanes and -(-z.N // step) * len(bands) * len(pieces) < WANTED_TASKS:
        step //= 2  # five bands would keep one of two threads waiting for a fifth of the time
    images = image_pieces(z.N, step, lanes, len(bands) * len(pieces))
    tasks = np.array([(*band, *rows, *n) for n in images for band in bands for rows in pieces], np.int64)
    pack = weight_table(task, pieces)
    step_c, step_h, step_w = task.source[2] * task.source[3] * z.N, task.source[3] * z.N, z.N
    if panel:
        step_c, step_h, step_w = panel.images, panel.width * S * panel.images, S * panel.images
    one_row = panel is not None and panel.rows == 1
    offsets = np.concatenate([
        c * step_c + h // (phase[14] if one_row else 1) * step_h + w * step_w
        for phase in phases for h, w, c in [taps_of(phase, S)]
    ]).astype(np.int64)  # fmt: skip
    geometry = np.array([
        S, R, *task.source[2:], *task.target[2:], z.N, z.groups, offsets.size, mode, function, pack.size
    ])  # fmt: skip
    front = pack.size + (threads.most() * task.target[3] * z.N if gradient else 0)
    room = front + (threads.most() * panel.numbers if panel else 0)
    shape = np.empty(0, np.int64)
    if panel:
        shape = np.array([panel.images, panel.columns, panel.width, front, panel.numbers, lanes, one_row])
    quarter, nothing, no_argmax = np.array([0.25], z.dtype), np.empty(0, z.dtype), np.empty(0, np.int32)
    valid = _valid(task)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        packed = scratch.view(z.dtype)
        data_loops.rearrange(ins[1].reshape(-1), pack, packed)
        data_loops.direct(
            tile_code(z.dtype), memory(ins[0]), packed, ins[2] if mode else packed,
            memory(ins[-1]) if gradient else None, memory(outs[0]), memory(outs[1]) if pool else nothing,
            memory(outs[2]) if pool == 2 else no_argmax, quarter, offsets, phases, valid, tasks, geometry, shape,
        )  # fmt: skip

    order = layout.BATCH_LAST
    orders = (order, layout.PLAIN, *(layout.PLAIN,) * mode, *(order,) * gradient)
    return Plan("direct, batch in the lanes", orders, outputs(z, order), room * item, run)


def image_pieces(N: int, step: int, lanes: int, others: int) -> list[tuple[int, int]]:
    """The images of each task: all of them, or blocks of `step` shared out evenly if the `others` are too few."""
    blocks = -(-N // step)
    wanted = min(blocks, -(-WANTED_TASKS // others))
    count = min(range(wanted, min(blocks, 2 * wanted) + 1), key=lambda count: -(-blocks // count) * count)
    firsts = [i * blocks // count * step for i in range(count)]
    firsts = [first for first in firsts if N - first >= lanes]  # no piece below a vector
    return list(zip(firsts, [*firsts[1:], N], strict=True))


def _panel(task: Task, phases: np.ndarray, lanes: int, together: int) -> Panel | None:
    """How much is copied together; None where what a pixel sees of all images lies near anyway, or is read by too
    few filters for a copy to pay."""
    z, S, R = task.z, task.S, task.R
    item = z.dtype.itemsize
    block = lanes * vector_blocks(row_blocks(R)[-1])[0]
    taps = max(int(phase[16] * phase[11]) for phase in phases)
    if R < 6 or taps * z.N * item < NEAR_BYTES:
        return None

    def size(rows: int, columns: int, images: int) -> tuple[int, int]:
        """Columns of the source and numbers of a panel. Of one row, only what the taps see is copied."""
        high = max((rows - 1) * int(p[4]) + int(max(p[16] - 1, 0) * (p[14] if rows > 1 else 1)) + 1 for p in phases)
        width = max((columns - 1) * int(p[9]) + int(max(p[17] - 1, 0) * p[15]) + 1 for p in phases)
        return width, width * high * S * images

    def fits(rows: int, columns: int, images: int) -> bool:
        return size(rows, columns, images)[1] * item <= PANEL_BYTES

    rows, columns = together, int(max(phases[:, 5]))
    images = min(z.N, 2 * block if fits(rows, columns, 2 * block) else block)  # two lines of the cache in one go
    while columns > 1 and not fits(rows, columns, images):
        columns = -(-columns // 2)
    most = int(max(phases[:, 0]))
    bands = z.groups * len(phases)
    while (
        rows < min(BAND, most) and fits(rows + together, columns, images)
        and -(-most // (rows + together)) * bands >= WANTED_TASKS // 2
    ):  # fmt: skip
        rows += together
    return Panel(images, columns, rows, *size(rows, columns, images))
