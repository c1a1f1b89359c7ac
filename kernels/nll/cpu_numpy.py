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
    (x, target, *weights), (loss, total) = ins, outs
    weight = weights[0] if weights else np.ones(z.classes, z.dtype)
    counts = target != z.ignore_index
    t = np.where(counts, target, 0)
    loss[...] = 0
    total[...] = 0, 1
    if z.N and z.classes:
        picked = (z.smoothing - 1) * weight[t] * np.take_along_axis(x, t[:, None], axis=1)[:, 0]
        smooth = -z.smoothing / z.classes * (x * weight).sum(axis=1) if z.smoothing else 0
        loss[...] = np.where(counts, picked + smooth, 0)
    if z.reduction == "none":
        return
    total[0] = loss.sum(dtype=np.float64)
    if z.reduction == "mean":
        divisor = weight[t].sum(where=counts, dtype=np.float64) if z.classes else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):  # nothing counts: 0 / 0
            total[...] = loss.sum(dtype=np.float64) / divisor, 1 / divisor if divisor else np.nan


def _input(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    (grad, target, total, *weights), (dx,) = ins, outs
    weight = weights[0] if weights else np.ones(z.classes, z.dtype)
    counts = target != z.ignore_index
    dx[...] = -z.smoothing / max(z.classes, 1) * weight
    rows = np.flatnonzero(counts)
    dx[rows, target[rows]] += (z.smoothing - 1) * weight[target[rows]]
    dx *= (grad * total[1]).reshape(-1, 1)
    dx[~counts] = 0
