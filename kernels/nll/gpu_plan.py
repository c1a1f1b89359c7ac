"""What both GPU backends do: forward a row a thread or a team of them, back a number a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from ..losses import REDUCTIONS, forward_run, grid_of, scratch_bytes
from ..teams import team
from . import Sizes


def planned(z: Sizes, start: Callable[[str], launch.Start], pack: launch.Pack) -> Plan:
    """The plan that starts `forward`, `finish` and `input`; arrays of a GPU are in plain order."""
    z = z._replace(order=layout.PLAIN)
    shared = team(z.classes if z.smoothing else 1, False)
    geometry = pack(
        N=z.N, classes=z.classes, reduction=REDUCTIONS[z.reduction], weighted=int(z.weighted), members=shared.members,
        apart=shared.apart,
    )  # fmt: skip
    number = launch.sums_dtype(z.dtype).type
    last = (number(1 - z.smoothing), number(z.smoothing / max(z.classes, 1)), np.int64(z.ignore_index), geometry)

    def with_weight(ins: Sequence[Any]) -> Sequence[Any]:
        return ins if z.weighted else (*ins, ins[0])  # nobody reads it

    if z.direction == "forward":
        grid = grid_of(shared, z.N)
        forward = forward_run(start, grid, z.reduction, *last)

        def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
            forward(outs, with_weight(ins), scratch)

        return Plan(f"{shared.members} threads a row", z.inputs(), z.outputs(), scratch_bytes(grid), run)

    all_numbers, block, backward = (launch.blocks(z.N * z.classes),), (launch.THREADS,), start("input")

    def run_back(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        backward(all_numbers, block, *with_weight(ins), *outs, *last)

    return Plan("a number a thread", z.inputs(), z.outputs(), 0, run_back)
