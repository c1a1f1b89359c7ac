"""What the plans of both GPU backends have in common: the grid of a sum, and which kernels follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import Sizes

PIECES = 4  # of 16 bytes that a thread adds up at least, if it is not to be one of too many
MOST_PARTIAL = 1024  # blocks of a sum, which a single block has to add up in the end


class Functions(NamedTuple):
    """The functions of elementwise_loss.cuh, or of gpu_numba.py, for one loss and type of numbers."""

    none: Any
    reduced: Any
    finish: Any
    backward: Any


def plan(z: Sizes, functions: Functions, work: int, *more: Any) -> Plan:
    """A plan of these functions, of which those that reduce nothing take `work` threads, and `more` arguments."""
    kind, length, threads = launch.sums_dtype(z.dtype).type, np.int64(z.size), launch.THREADS
    parameter, mean = kind(z.parameter), z.reduction == "mean"
    divisor = np.float64(z.size if mean else 1)
    blocks = min(max(-(-launch.packs(z.size, z.dtype) // (PIECES * threads)), 1), MOST_PARTIAL)

    def none(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        functions.none(work, *ins, outs[0], length, parameter, *more)

    def reduced(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(np.float64)
        functions.reduced.over((blocks,), (threads,), *ins, partial, outs[0], length, parameter, divisor, *more)
        if blocks > 1:
            functions.finish.over((1,), (threads,), partial, outs[0], np.int32(blocks), divisor)

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        factor, each = kind(1 / z.size if mean and z.size else 1), np.int32(z.reduction == "none")
        functions.backward(work, *ins, outs[0], length, parameter, factor, each, *more)

    if z.direction == "backward":
        return Plan("one pass", z.inputs(), z.outputs(), 0, backward)
    if z.reduction == "none":
        return Plan("one pass", z.inputs(), z.outputs(), 0, none)
    return Plan("sums of blocks", z.inputs(), z.outputs(), 8 * blocks, reduced)
