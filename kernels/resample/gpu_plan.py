"""What the plans of both GPU backends have in common: the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import outputs
from .rules import table


def plan(z: Sizes, function: Any, packed: Callable[..., Any], kind: Any) -> Plan | None:
    """A plan that starts `function`, with the geometry `packed` for it, on numbers taken for `kind`."""
    if z.order != layout.PLAIN:
        return None
    (H, W), (OH, OW) = z.in_shape[2:], z.out_shape[2:]
    count = z.N * z.C * OH * OW
    parts: list[np.ndarray] = []
    for axis in (z.rows, z.columns):
        start, column, weight = table(axis, z.adjoint, z.dtype)
        parts += [start.astype(np.int32), column.astype(np.int32), weight.astype(launch.sums_dtype(kind))]
    constants, geometry = launch.Constants(*parts), packed(H=H, W=W, OH=OH, OW=OW)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, y = ins[0].reshape(-1).view(kind), outs[0].reshape(-1).view(kind)
        function(count, x, y, *constants(), np.int64(count), geometry)

    return Plan("a pixel a thread", (layout.PLAIN,), outputs(z), 0, run)
