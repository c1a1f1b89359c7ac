"""What both GPU backends do: a row a team of threads; and the gradients of the weights by slices of channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch
from ..channels import cut
from ..dispatch import Plan
from ..teams import team
from . import Sizes

KERNELS = ("forward", "backward", "slopes", "finish")


def planned(z: Sizes, start: Callable[[str], launch.Start], pack: launch.Pack) -> Plan:
    """The plan that starts the kernels."""
    shared = team(z.row, False)
    grid, block = (shared.blocks(z.rows if z.row else 0),), (launch.THREADS,)
    rows = pack(
        rows=z.rows, channels=z.channels, pixels=z.pixels, period=z.period, weighted=int("weight" in z.affine),
        biased=int("bias" in z.affine), members=shared.members, apart=shared.apart,
    )  # fmt: skip
    forward, backward, slopes, finish = map(start, KERNELS)
    eps = np.float64(z.eps)
    slices = cut(z.rows // z.period, z.weights, z.pixels)
    channels, a_weight_each = pack(**slices.lengths), (launch.blocks(z.weights),)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight = ins[1] if "weight" in z.affine else ins[0]  # nobody reads what stands in for another
        bias = ins[-1] if "bias" in z.affine else ins[0]
        forward(grid, block, ins[0], weight, bias, *outs, eps, rows)

    def run_back(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        weight, parts = ins[4] if "weight" in z.affine else ins[0], scratch.view(np.float64)
        backward(grid, block, *ins[:4], weight, outs[0], rows)
        if z.affine:
            slopes(slices.grid, block, *ins[:4], parts, channels, rows)
            finish(a_weight_each, block, parts, *outs[1:], channels)

    if z.direction == "forward":
        return Plan(f"{shared.members} threads a row", z.inputs(), z.outputs(), 0, run)
    room = slices.scratch_bytes if z.affine else 0
    return Plan(f"{shared.members} threads a row", z.inputs(), z.outputs(), room, run_back)
