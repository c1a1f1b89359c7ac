"""What both GPU backends do: a window a thread, and back a pixel a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import launch, layout
from ..dispatch import Plan
from . import Sizes
from .cpu_numpy import orders, outputs

WHOLE = ("int64", "int32", "int16", "int8", "uint8")
TYPES = {  # of the elements
    ("max", "forward"): (*launch.ALL_FLOATS, *WHOLE),
    ("avg", "forward"): (*launch.ALL_FLOATS, "int64"),
    ("max", "input"): launch.ALL_FLOATS,
    ("avg", "input"): launch.ALL_FLOATS,
}


def planned(z: Sizes, start: launch.Start, pack: launch.Pack, function: int) -> Plan:
    """The plan that starts `start`; arrays of a GPU are in plain order. `function` is the number of the epilogue."""
    z = z._replace(order=layout.PLAIN)
    forward = z.direction == "forward"
    number, counted = scale(z) if z.kind == "avg" else (lowest(z), False)
    exact = z.dtype.type(number) if z.dtype.itemsize > 2 or z.dtype.kind in "iu" else np.float32(number)
    geometry = pack(
        planes=z.N * z.C, H=z.H, W=z.W, KH=z.KH, KW=z.KW, OH=z.OH, OW=z.OW, sh=z.stride[0], sw=z.stride[1],
        ph=z.padding[0], pw=z.padding[1], dh=z.dilation[0], dw=z.dilation[1], counted=int(counted),
        padded=int(z.padded), function=function,
    )  # fmt: skip
    grid = (launch.blocks(layout.size(z.y_shape if forward else z.x_shape)),)
    block = (launch.THREADS,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        given = ins if forward or z.epilogue else (*ins, ins[0])  # without an activation nobody reads its result
        more = (exact,) if forward or z.kind == "avg" else ()
        start(grid, block, *given, *outs, *more, geometry)

    name = "a window a thread" if forward else "a pixel a thread"
    return Plan(name, orders(z), outputs(z), 0, run)


def lowest(z: Sizes) -> Any:
    """The number that is smaller than all others."""
    return np.iinfo(z.dtype).min if z.dtype.kind in "iu" else -np.inf


def scale(z: Sizes) -> tuple[Any, bool]:
    """What all sums are multiplied by, or anything, and True: each window counts its pixels."""
    divisors = np.unique(z.divisors())
    return (1 / divisors[0], False) if divisors.size == 1 else (0, True)
