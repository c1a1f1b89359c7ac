"""What the plans of both GPU backends have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes, start: Callable[..., None], work: int, *more: Any) -> Plan:
    """A plan that starts one kernel for `work` pieces: (ins …, out, size, the three parameters, `more` …)."""
    numbers = (np.int64(z.size), *map(launch.sums_dtype(z.dtype).type, (*z.parameters, 0, 0, 0)[:3]), *more)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        start(work, *ins, outs[0], *numbers)

    inputs = 1 if z.direction == "forward" else 2
    return Plan("one pass", (layout.PLAIN,) * inputs, (Output((z.size,), z.dtype),), 0, run)
