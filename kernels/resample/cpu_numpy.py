"""The reference: rows, then columns, a sum of slices for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dispatch import Output, Plan
from . import Sizes
from .rules import Table, table


def plan(z: Sizes) -> Plan:
    """Every case."""
    rows, columns = (table(axis, z.adjoint, z.dtype) for axis in (z.rows, z.columns))

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        outs[0][...] = _along(3, columns, _along(2, rows, ins[0]))

    return Plan("a slice per tap", (z.order,), outputs(z), 0, run)


def outputs(z: Sizes) -> tuple[Output]:
    """The one output."""
    return (Output(z.out_shape, z.dtype, z.order),)


def _along(axis: int, matrix: Table, x: Any) -> Any:
    """The sums along one axis."""
    x = np.moveaxis(x, axis, 0)  # (length, …)
    y = np.zeros((matrix.start.size - 1, *x.shape[1:]), x.dtype)
    for i, row in enumerate(y):
        for t in range(matrix.start[i], matrix.start[i + 1]):
            row += matrix.weight[t] * x[matrix.column[t]]
    return np.moveaxis(y, 0, axis)
