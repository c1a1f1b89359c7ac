"""The reference: NumPy's add.at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        values, index = ins
        inside = (index >= 0) & (index < z.rows)
        np.add.at(outs[0], index[inside], values[inside])

    return Plan("add.at", (layout.PLAIN,) * 2, z.outputs(), 0, run)
