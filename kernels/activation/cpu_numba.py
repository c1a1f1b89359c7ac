"""Numba: one pass over memory, in blocks, on all threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes, loops

FUNCTIONS = {"relu": 1, "tanh": 2, "sigmoid": 3}
# in the order of bent_loops.py and of smooth_loops.py
BENT = ("hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "softshrink", "threshold")
SMOOTH = ("elu", "erf", "erfc", "gelu", "gelu_tanh", "logsigmoid", "mish", "silu", "softplus")


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
    run = _from_output(z) if z.function in FUNCTIONS else _from_input(z)
    inputs = 1 if z.direction == "forward" else 2
    return Plan("one pass", (layout.PLAIN,) * inputs, (Output((z.size,), z.dtype),), 0, run)


def _from_output(z: Sizes) -> Any:
    function = FUNCTIONS[z.function]

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.forward(ins[0], outs[0], function)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.backward(ins[0], ins[1], outs[0], function)

    return forward if z.direction == "forward" else backward


def _from_input(z: Sizes) -> Any:
    from . import bent_loops, smooth_loops  # compiled for those who use them

    file, names = (bent_loops, BENT) if z.function in BENT else (smooth_loops, SMOOTH)
    number, parameters = names.index(z.function), np.array((*z.parameters, 0, 0, 0)[:3], z.dtype)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        file.forward(ins[0], outs[0], number, parameters)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        file.backward(ins[0], ins[1], outs[0], number, parameters)

    return forward if z.direction == "forward" else backward
