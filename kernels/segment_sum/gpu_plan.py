"""What both GPU versions have in common: everything but the functions that they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from . import Sizes

TYPES = ("float32", "float64", "int64")
BITS = 8  # of a digit, as in segment_sum.cu
MOST_TILES = 256  # of the list, a block each: every block reads the counts of all of them


def plan_with(count: launch.Start, sort: launch.Start, add: launch.Start, z: Sizes) -> Plan:
    """`count(index, from, counts, terms, rows, shift)`, `sort(index, from, counts, to, terms, rows, shift)` for each
    digit, and then `add(values, index, order, table, terms, width, rows)`, as a plan."""
    tiles = min(launch.blocks(z.terms), MOST_TILES)
    passes = -(-z.rows.bit_length() // BITS)  # `rows` itself is the number of what lies outside
    terms, rows, width = np.int64(z.terms), np.int64(z.rows), np.int64(z.width)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        if not z.terms * z.rows:
            return
        values, index = ins
        block = (launch.THREADS,)
        numbers = scratch[: 16 * z.terms].view(np.int64)
        counts = scratch[16 * z.terms :].view(np.int32)
        to, order = numbers[: z.terms], numbers[z.terms :]  # they take turns: what one pass sorts the next one reads
        for digit in range(passes):
            shift = np.int64(digit * BITS)
            count((tiles,), block, index, order, counts, terms, rows, shift)
            sort((tiles,), block, index, order, counts, to, terms, rows, shift)
            to, order = order, to
        add((launch.blocks(z.terms * z.width),), block, values, index, order, outs[0], terms, width, rows)

    scratch_bytes = 2 * 8 * z.terms + 4 * (tiles << BITS)
    return Plan("sorted digit by digit", (layout.PLAIN,) * 2, z.outputs(), scratch_bytes, run)
