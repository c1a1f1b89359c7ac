"""The reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""
    run = _forward if z.direction == "forward" else _input
    return Plan("NumPy", z.inputs(), z.outputs(), 0, lambda outs, ins, scratch: run(z, outs, ins))


def _forward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    (x, target), (loss, p, total) = ins, outs
    counts, inside = target != z.ignore_index, (target >= 0) & (target < z.classes)
    total[...] = 0, 1
    if p.size:
        shifted = x - x.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        p[...] = exponentials / sums
        picked = np.take_along_axis(shifted, np.where(inside, target, 0)[:, None], axis=1)
        loss[...] = np.where(counts, np.where(inside, (np.log(sums) - picked)[:, 0], np.nan), 0)
    if z.reduction == "sum":
        total[0] = loss.sum(dtype=np.float64)
    elif z.reduction == "mean":
        with np.errstate(divide="ignore", invalid="ignore"):  # no target counts: 0 / 0
            total[...] = np.array([loss.sum(dtype=np.float64), 1.0]) / counts.sum()
            total[1] = total[1] if counts.any() else np.nan


def _input(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    (p, target, grad, total), (dx,) = ins, outs
    counts, inside = target != z.ignore_index, (target >= 0) & (target < z.classes)
    dx[...] = p
    dx[np.flatnonzero(inside), target[inside]] -= 1
    dx *= (grad * total[1]).reshape(-1, 1)
    dx[~counts] = 0
    dx[counts & ~inside] = np.nan
