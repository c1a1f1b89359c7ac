"""The reference: NumPy's product, which is BLAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..activation.cpu_numpy import BACKWARD, FORWARD
from ..dispatch import Output, Plan
from . import Sizes


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        c = outs[0]
        np.matmul(ins[0], ins[1], out=c)
        for step in z.epilogue:
            if step == "bias":
                c += ins[2]
            elif step == "row_sums":
                ins[0].sum(axis=1, out=outs[1])
            elif step in FORWARD:
                c[...] = FORWARD[step](c)
            else:
                c[...] = BACKWARD[step.removesuffix("_gradient")](c, ins[-1])

    return Plan("BLAS", orders(z), outputs(z), 0, run)


def orders(z: Sizes) -> tuple[str, ...]:
    """The memory orders of the inputs."""
    bias = (layout.PLAIN,) * ("bias" in z.epilogue)
    activated = tuple(z.c_order for step in z.epilogue if step.endswith("_gradient"))
    return (z.a_order, z.b_order, *bias, *activated)


def outputs(z: Sizes) -> tuple[Output, ...]:
    """The outputs."""
    sums = (Output((z.M,), z.dtype),) * ("row_sums" in z.epilogue)
    return (Output((z.M, z.N), z.dtype, z.c_order), *sums)
