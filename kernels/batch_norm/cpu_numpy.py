"""The reference: sums in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""
    run = _forward if z.direction == "forward" else _backward
    return Plan("NumPy", z.inputs(), z.outputs(), 0, lambda outs, ins, scratch: run(z, outs, ins))


def _forward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    x, *more = ins
    axes = (0, *range(2, x.ndim))
    channel = (1, -1) + (1,) * (x.ndim - 2)
    m = z.per_channel()
    if z.from_batch:
        mean = x.mean(axis=axes, dtype=np.float64) if m else np.full(x.shape[1], np.nan)
        var = ((x - mean.reshape(channel)) ** 2).mean(axis=axes) if m else np.full(x.shape[1], np.nan)
    else:
        mean, var = (array.astype(np.float64) for array in more[-2:])
    r = 1 / np.sqrt(var + z.eps)
    outs[1][...], outs[2][...] = mean, r
    y = (x - mean.reshape(channel)) * r.reshape(channel)
    if "weight" in z.affine:
        y *= more[0].reshape(channel)
    if "bias" in z.affine:
        y += more[len(z.affine) - 1].reshape(channel)
    outs[0][...] = y
    if z.momentum is None:
        return
    if z.counted:
        outs[5][...] += 1
    factor = z.momentum if z.momentum >= 0 else 1 / int(outs[5][0])
    for running, now in ((outs[3], mean), (outs[4], var * (m / (m - 1)))):
        running[...] = (1 - factor) * running + factor * now


def _backward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    g, x, mean, r, *weight = ins
    axes = (0, *range(2, x.ndim))
    channel = (1, -1) + (1,) * (x.ndim - 2)
    centred = (x.astype(np.float64) - mean.reshape(channel)) * r.reshape(channel)
    dweight, dbias = (g * centred).sum(axis=axes), g.sum(axis=axes, dtype=np.float64)
    outs[1][...], outs[2][...] = dweight, dbias
    dx = g
    if z.from_batch:
        m = z.per_channel()
        dx = g - (dbias.reshape(channel) + centred * dweight.reshape(channel)) / max(m, 1)
    factor = r if not weight else r * weight[0]
    outs[0][...] = dx * factor.reshape(channel)
