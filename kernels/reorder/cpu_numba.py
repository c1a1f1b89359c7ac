"""Numba: a transpose in square blocks, so that both sides use whole cache lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """Numbers of 1, 4 or 8 bytes; others have no use worth a compilation."""
    if z.dtype.kind not in "fiub" or z.dtype.itemsize == 2:
        return None
    rows, columns = (z.rows, z.columns) if z.to_batch_last else (z.columns, z.rows)
    bits = f"u{z.dtype.itemsize}"  # one compiled loop for each size of element, whatever it means

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.transpose(ins[0].view(bits), outs[0].view(bits), rows, columns)

    return Plan("blocked transpose", (layout.PLAIN,), (Output((z.rows * z.columns,), z.dtype),), 0, run)
