"""Numba: one pass over memory, in blocks, on all threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes, loops

FUNCTIONS = {"relu": 1, "tanh": 2, "sigmoid": 3}


def activation_of(epilogue: tuple[str, ...]) -> tuple[int, bool]:
    """The number of the activation in another kernel's epilogue (0 for none), and whether its gradient is meant."""
    for step in epilogue:
        function = step.removesuffix("_gradient")
        if function in FUNCTIONS:
            return FUNCTIONS[function], function != step
    return 0, False


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64):
        return None
    function = FUNCTIONS[z.function]

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.forward(ins[0], outs[0], function)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.backward(ins[0], ins[1], outs[0], function)

    run = forward if z.direction == "forward" else backward
    inputs = 1 if z.direction == "forward" else 2
    return Plan("one pass", (layout.PLAIN,) * inputs, (Output((z.size,), z.dtype),), 0, run)
