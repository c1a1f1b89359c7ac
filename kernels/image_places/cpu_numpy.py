"""The reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import philox
from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""
    rule = z.rule

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        words = np.zeros((z.N, 4), np.uint64)
        if rule.draws:
            seed, offset = outs[1].tolist()
            words = philox.words(seed, offset, 4 * z.N).reshape(z.N, 4).astype(np.uint64)
            outs[1][1] = offset + z.N
        drawn = (words[:, :2] * np.array([rule.rows, rule.columns], np.uint64) >> np.uint64(32)).astype(np.int64)
        mirrored = words[:, 2] < np.uint64(rule.threshold())
        left = np.where(mirrored, rule.left_if_mirrored, rule.left)
        outs[0].reshape(z.N, 4)[...] = np.stack([ins[0], rule.top + drawn[:, 0], left + drawn[:, 1], mirrored], 1)

    return Plan("NumPy", z.inputs(), z.outputs(), 0, run)
