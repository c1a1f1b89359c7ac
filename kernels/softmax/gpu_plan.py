"""What both GPU backends do: a row a team of threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import launch
from ..dispatch import Plan
from ..teams import team
from . import Sizes


def planned(z: Sizes, start: launch.Start, pack: launch.Pack) -> Plan:
    """The plan that starts `start`."""
    shared = team(z.classes, z.inner > 1)
    geometry = pack(
        outer=z.outer, classes=z.classes, inner=z.inner, logarithm=int(z.log), members=shared.members,
        apart=shared.apart,
    )  # fmt: skip
    grid, block = (shared.blocks(z.outer * z.inner if z.size else 0),), (launch.THREADS,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        start(grid, block, *ins, *outs, geometry)

    return Plan(f"{shared.members} threads a row", z.inputs(), z.outputs(), 0, run)
