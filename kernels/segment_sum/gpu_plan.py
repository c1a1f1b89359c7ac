"""What both GPU versions have in common: everything but the function that they start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Plan
from . import Sizes

TYPES = ("float32", "float64", "int64")


def plan_with(start: Callable[..., None], z: Sizes) -> Plan:
    """`start(numbers of the table, values, order, starts, table, numbers, width)` as a plan."""
    numbers = np.int64(z.rows * z.width)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        start(z.rows * z.width, *ins, outs[0], numbers, np.int64(z.width))

    return Plan("a number of the table a thread", (layout.PLAIN,) * 3, z.outputs(), 0, run)
