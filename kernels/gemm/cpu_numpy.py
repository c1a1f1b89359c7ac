"""The reference: NumPy's product, which is BLAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        np.matmul(ins[0], ins[1], out=outs[0])
        if z.epilogue:
            outs[0][...] += ins[2]

    orders = (z.a_order, z.b_order, layout.PLAIN)[: 2 + len(z.epilogue)]
    return Plan("BLAS", orders, (Output((z.M, z.N), z.dtype, z.c_order),), 0, run)
