"""The reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        (loss, scores, labels), (total, hits) = ins, outs
        total += loss.astype(np.float64) * z.N
        hits += (scores.reshape(z.N, z.C).argmax(1) == labels).sum()

    return Plan("NumPy", z.inputs(), z.outputs(), 0, run)
