"""Numba: some rows of a plane a task; in batch-last order the lanes are the images, in plain order there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import threads
from ..dispatch import Plan
from ..layout import BATCH_LAST, memory
from . import Sizes, loops
from .cpu_numpy import outputs
from .rules import Table, table


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.in_shape + z.out_shape:
        return None
    (H, W), (OH, OW) = z.in_shape[2:], z.out_shape[2:]
    planes, lanes = (z.C, z.N) if z.order == BATCH_LAST else (z.N * z.C, 1)
    rows, columns = (table(axis, z.adjoint, z.dtype) for axis in (z.rows, z.columns))
    kind, (left, right) = _kind(columns), _stretch(columns)
    if kind == loops.PAIRS and lanes == 1:
        columns = Table(columns.start, *(np.ascontiguousarray(a.reshape(-1, 2).T).reshape(-1) for a in columns[1:]))
    lowest, highest = _reach(rows)
    tables = (*rows, lowest, highest, *columns)
    # what shrinks, or is little more than copied, needs no room for rows that are made once and used several times
    across_first = OH >= H and _stretch(rows) != (0, OH) and 2 * (right - left) < OW
    own = (int((highest - lowest).max()) + 1) * OW * lanes if across_first else W * lanes
    geometry = np.array([planes, lanes, H, W, OH, OW, across_first, kind, left, right, own])

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.resample(memory(ins[0]), memory(outs[0]), *tables, scratch.view(z.dtype), geometry)

    room = threads.most() * (own + loops.LINE) * z.dtype.itemsize
    return Plan("lanes of images" if lanes > 1 else "rows of a plane", (z.order,), outputs(z), room, run)


def _kind(matrix: Table) -> int:
    """How its sums are made: the loops for the usual ones are written out."""
    counts = matrix.counts
    if (counts == 1).all() and (matrix.weight == 1).all():
        return loops.PICKED
    return loops.PAIRS if (counts == 2).all() else loops.SUMS


def _stretch(matrix: Table) -> tuple[int, int]:
    """The longest run of sums that are one number each, as it is, one beside the other: from, to."""
    best, first, before = (0, 0), 0, -2
    for i, count in enumerate(matrix.counts):
        tap = matrix.start[i]
        here = matrix.column[tap] if count == 1 and matrix.weight[tap] == 1 else -2
        if here < 0 or here != before + 1:
            first = i
        before = here
        if here >= 0 and i + 1 - first > best[1] - best[0]:
            best = (first, i + 1)
    return best


def _reach(rows: Table) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last row of the input that each block of rows is made of."""
    reach = []
    for first in range(0, rows.start.size - 1, loops.ROWS):
        used = rows.column[rows.start[first] : rows.start[min(first + loops.ROWS, rows.start.size - 1)]]
        reach.append((used.min(initial=2**62), used.max(initial=-1)))
    lowest, highest = np.array(reach, np.int64).T
    return np.minimum(lowest, highest + 1), np.ascontiguousarray(highest)
