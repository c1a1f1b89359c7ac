"""What both GPU backends do: slices of channels, two launches each way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from ..teams import Team, columns
from . import Sizes

TYPES = ("float32", "float64")
KERNELS = ("statistics", "normalise", "slopes", "gradient")
A_THREAD = 32  # numbers of a slice for each thread
MOST_SLICES = 4096  # of a channel
FETCHED = 8  # neighbouring float32 that memory gives at once, needed or not


def planned(z: Sizes, start: Callable[[str], launch.Start], pack: launch.Pack) -> Plan:
    """The plan that starts the kernels; arrays of a GPU are in plain order."""
    z = z._replace(order=layout.PLAIN)
    C, m, pixels = z.shape[1], z.per_channel(), layout.size(z.shape[2:])
    team = columns() if pixels < FETCHED <= C else Team(launch.THREADS, 1)
    slices = min(max(1, -(-m // (A_THREAD * team.members))), MOST_SLICES)
    grid, block = (-(-C // team.rows) * slices,), (launch.THREADS,)
    geometry = pack(
        N=z.shape[0], C=C, pixels=pixels, slices=slices, length=-(-m // slices), weighted=int("weight" in z.affine),
        biased=int("bias" in z.affine), from_batch=int(z.from_batch), counted=int(z.counted), members=team.members,
        apart=team.apart,
    )  # fmt: skip
    momentum, eps = np.float64(np.inf if z.momentum is None else z.momentum), np.float64(z.eps)
    statistics, normalise, slopes, gradient = map(start, KERNELS)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, (y, mean, r), parts = ins[0], outs[:3], scratch.view(np.float64)
        weight = ins[1] if "weight" in z.affine else x  # nobody reads what stands in for another
        bias = ins[len(z.affine)] if "bias" in z.affine else x
        running = outs[3:5] if z.momentum is not None else (mean, r) if z.from_batch else ins[-2:]
        count = outs[5] if z.counted else scratch
        if z.from_batch:
            statistics(grid, block, x, parts, count, geometry)
        normalise(grid, block, x, weight, bias, y, mean, r, *running, count, parts, momentum, eps, geometry)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        (g, x, mean, r), parts = ins[:4], scratch.view(np.float64)
        weight = ins[4] if "weight" in z.affine else x
        slopes(grid, block, g, x, mean, parts, geometry)
        gradient(grid, block, g, x, mean, r, weight, *outs, parts, geometry)

    run = forward if z.direction == "forward" else backward
    return Plan(f"{slices} slices of a channel", z.inputs(), z.outputs(), 16 * slices * C, run)
