"""What both GPU backends do: a window a thread, and back a pixel a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..activation import FROM_OUTPUT
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import orders, outputs

WHOLE = ("int64", "int32", "int16", "int8", "uint8")
TYPES = {  # of the elements
    ("max", "forward"): ("float32", "float64", *WHOLE),
    ("avg", "forward"): ("float32", "float64", "int64"),
    ("max", "input"): ("float32", "float64"),
    ("avg", "input"): ("float32", "float64"),
}


def planned(z: Sizes, start: launch.Start, pack: launch.Pack) -> Plan:
    """The plan that starts `start`; arrays of a GPU are in plain order."""
    z = z._replace(order=layout.PLAIN)
    forward = z.direction == "forward"
    number = z.dtype.type(lowest(z))
    fixed, counted = scale(z) if z.kind == "avg" else (number, False)
    geometry = pack(
        planes=z.N * z.C, H=z.H, W=z.W, KH=z.KH, KW=z.KW, OH=z.OH, OW=z.OW, sh=z.stride[0], sw=z.stride[1],
        ph=z.padding[0], pw=z.padding[1], dh=z.dilation[0], dw=z.dilation[1], counted=int(counted),
        padded=int(z.padded), function=FROM_OUTPUT.index(z.epilogue[0]) + 1 if z.epilogue else 0,
    )  # fmt: skip
    grid = (launch.blocks(layout.size(z.y_shape if forward else z.x_shape)),)
    block = (launch.THREADS,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        given = ins if forward or z.epilogue else (*ins, ins[0])  # without an activation nobody reads its result
        more = (fixed,) if forward or z.kind == "avg" else ()
        start(grid, block, *given, *outs, *more, geometry)

    name = "a window a thread" if forward else "a pixel a thread"
    return Plan(name, orders(z), outputs(z), 0, run)


def lowest(z: Sizes) -> Any:
    """The number that is smaller than all others."""
    return -np.inf if z.dtype.kind == "f" else np.iinfo(z.dtype).min


def scale(z: Sizes) -> tuple[Any, bool]:
    """What all sums are multiplied by, or anything, and True: each window counts its pixels."""
    scales = z.scale()
    counted = z.divisor is None and np.unique(scales).size > 1
    return z.dtype.type(0 if counted or not scales.size else scales[0]), counted
