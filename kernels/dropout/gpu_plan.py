"""What the plans of both GPU backends have in common: which kernels follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from . import Sizes

WORDS = 4  # of a block of the generator


class Functions(NamedTuple):
    """The functions of dropout.cu, or of gpu_numba.py, for one type of numbers."""

    forward: Any
    apply: Any
    apply_planes: Any
    draw: Any
    advance: Any


def plan(z: Sizes, functions: Functions, lanes: int) -> Plan | None:
    """A plan of these functions; `lanes` numbers are what a thread of `apply` handles."""
    if (z.generator == "twister" and z.direction == "forward") or z.order != layout.PLAIN:
        return None
    size, count = layout.size(z.shape), layout.size(z.keep_shape())
    length, pixels = np.int64(size), np.int64(size // max(count, 1))
    scale = launch.sums_dtype(z.dtype).type(z.scale())
    threshold, blocks = np.uint64(z.threshold()), -(-count // WORDS)

    def applied(x: Any, keep: Any, y: Any) -> None:
        if z.features:
            functions.apply_planes(size, x, keep, y, length, pixels, scale)
        else:
            functions.apply(-(-size // lanes), x, keep, y, length, scale)

    def forward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        (x,), (y, keep, state) = ins, outs
        if z.features:
            functions.draw.over((1,), (launch.THREADS,), keep, state, np.int64(count), threshold)
            applied(x, keep, y)
        else:
            functions.forward(blocks, x, y, keep, state, length, threshold, scale)
            functions.advance.over((1,), (1,), state, np.uint64(blocks))

    def backward(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        applied(ins[0], ins[1], outs[0])

    run = forward if z.direction == "forward" else backward
    return Plan("a block of the generator a thread", z.inputs(), z.outputs(), 0, run)
