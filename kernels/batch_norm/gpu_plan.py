"""What both GPU backends do: slices of channels, two launches each way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..channels import cut
from ..dispatch import Plan
from . import Sizes

KERNELS = ("statistics", "normalise", "slopes", "gradient")


def planned(z: Sizes, start: Callable[[str], launch.Start], pack: launch.Pack) -> Plan:
    """The plan that starts the kernels; arrays of a GPU are in plain order."""
    z = z._replace(order=layout.PLAIN)
    N, C = z.shape[:2]
    slices = cut(N, C, layout.size(z.shape[2:]))
    grid, block, channels = slices.grid, (launch.THREADS,), pack(**slices.lengths)
    options = pack(
        weighted=int("weight" in z.affine), biased=int("bias" in z.affine), from_batch=int(z.from_batch),
        counted=int(z.counted),
    )  # fmt: skip
    momentum, eps = np.float64(np.inf if z.momentum is None else z.momentum), np.float64(z.eps)
    statistics, normalise, slopes, gradient = map(start, KERNELS)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, (y, mean, r), parts = ins[0], outs[:3], scratch.view(np.float64)
        weight = ins[1] if "weight" in z.affine else x  # nobody reads what stands in for another
        bias = ins[len(z.affine)] if "bias" in z.affine else x
        running = outs[3:5] if z.momentum is not None else (x, x) if z.from_batch else ins[-2:]
        count = outs[5] if z.counted else scratch
        if z.from_batch:
            statistics(grid, block, x, parts, count, channels, options)
        normalise(grid, block, x, weight, bias, y, mean, r, *running, count, parts, momentum, eps, channels, options)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        (g, x, mean, r), parts = ins[:4], scratch.view(np.float64)
        weight = ins[4] if "weight" in z.affine else x
        slopes(grid, block, g, x, mean, parts, channels)
        gradient(grid, block, g, x, mean, r, weight, *outs, parts, channels, options)

    run = forward if z.direction == "forward" else backward
    name = f"{slices.lengths['slices']} slices of a channel"
    return Plan(name, z.inputs(), z.outputs(), slices.scratch_bytes, run)
