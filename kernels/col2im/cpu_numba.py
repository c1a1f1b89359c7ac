"""Numba: planes in parallel; each gathers its own columns, in the order r, s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from ..im2col.cpu_numba import geometry_of, outputs_inside
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.columns_shape:
        return None
    inside_h, inside_w = outputs_inside(z)
    geometry = geometry_of(z)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        loops.col2im(ins[0].reshape(-1), outs[0].reshape(-1), inside_h, inside_w, geometry)

    return Plan("a plane a task", (layout.PLAIN,), (Output(z.x_shape, z.dtype),), 0, run)
