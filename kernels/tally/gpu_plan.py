"""What the plans of both GPU backends have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes, function: Any) -> Plan | None:
    """A plan of this function; fewer than 2³¹ rows and classes."""
    if max(z.N, z.C) >= 1 << 31:
        return None
    numbers = np.int32(z.N), np.int32(z.C)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        function.over((1,), (launch.THREADS,), *ins, *outs, *numbers)

    return Plan("one block", z.inputs(), z.outputs(), 0, run)
