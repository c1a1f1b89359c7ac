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


def _per_row(z: Sizes, array: Any) -> Any:
    return array.astype(np.float64).reshape(-1, z.period, 1, 1)


def _forward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    x, *given = ins
    x = x.reshape(-1, z.period, z.channels, z.pixels)
    mean = x.mean(axis=(2, 3), dtype=np.float64)
    var = ((x - mean[:, :, None, None]) ** 2).mean(axis=(2, 3))
    outs[1][...], outs[2][...] = mean.reshape(-1), 1 / np.sqrt(var.reshape(-1) + z.eps)
    y = (x - _per_row(z, mean)) / np.sqrt(_per_row(z, var) + z.eps)
    weights = (z.period, z.channels, 1)
    if "weight" in z.affine:
        y *= given[0].reshape(weights)
    if "bias" in z.affine:
        y += given[-1].reshape(weights)
    outs[0][...] = y.reshape(-1)


def _backward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    g, x, mean, r, *weight = ins
    g, x = (array.astype(np.float64).reshape(-1, z.period, z.channels, z.pixels) for array in (g, x))
    centred = (x - _per_row(z, mean)) * _per_row(z, r)
    h = g * weight[0].reshape(z.period, z.channels, 1) if weight else g
    means = [array.mean(axis=(2, 3), keepdims=True) for array in (h, h * centred)]
    outs[0][...] = ((h - means[0] - centred * means[1]) * _per_row(z, r)).reshape(-1)
    if z.affine:
        outs[1][...], outs[2][...] = ((array.sum(axis=(0, 3))).reshape(-1) for array in (g * centred, g))
