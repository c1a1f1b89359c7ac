"""The reference: NumPy's own Mersenne Twister, set to the state and asked for words; or philox.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import philox
from ..dispatch import Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""
    draw = {"twister": _twister, "philox": _philox}[z.generator]

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        if z.direction == "forward":
            outs[1][...] = draw(outs[2], outs[1].size, z.threshold()).reshape(outs[1].shape)
        keep = outs[1] if z.direction == "forward" else ins[1]
        keep = keep.reshape(keep.shape + (1,) * (len(z.shape) - keep.ndim))
        np.multiply(ins[0], keep * z.scale(), out=outs[0])

    return Plan("NumPy", z.inputs(), z.outputs(), 0, run)


def _twister(state: np.ndarray, count: int, threshold: int) -> np.ndarray:
    twister = np.random.MT19937()
    inside: Any = {"key": state[:-1], "pos": int(state[-1])}
    twister.state = {"bit_generator": "MT19937", "state": inside}
    words = twister.random_raw(2 * count).reshape(count, 2)
    after: Any = twister.state["state"]
    state[:-1], state[-1] = after["key"], after["pos"]
    drawn = ((words[:, 0] << np.uint64(32)) | words[:, 1]) & np.uint64(2**53 - 1)
    return drawn < np.uint64(threshold)


def _philox(state: np.ndarray, count: int, threshold: int) -> np.ndarray:
    seed, offset = state.tolist()
    state[1] = offset + -(-count // 4)
    return philox.words(seed, offset, count) < threshold
