"""What the plans of both GPU backends have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes, drawn: Any, fixed: Any, rule: tuple[Any, ...]) -> Plan | None:
    """A plan of these two functions, that get `rule` as their last arguments; fewer than 2³¹ images."""
    if z.N >= 1 << 31:
        return None
    size, threshold = np.int32(z.N), np.uint64(z.rule.threshold())

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        if z.rule.draws:
            drawn.over((1,), (launch.THREADS,), ins[0], outs[0], outs[1], size, threshold, *rule)
        else:
            fixed(z.N, ins[0], outs[0], size, *rule)

    return Plan("an image a thread", z.inputs(), z.outputs(), 0, run)
