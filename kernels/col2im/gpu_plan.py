"""What both GPU backends do: a pixel a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes


def planned(z: Sizes, start: launch.Start, pack: launch.Pack) -> Plan:
    """The plan that starts `start`."""
    geometry = pack(
        planes=z.N * z.C, H=z.H, W=z.W, KH=z.KH, KW=z.KW, OH=z.OH, OW=z.OW, sh=z.stride[0], sw=z.stride[1],
        ph=z.padding[0], pw=z.padding[1], dh=z.dilation[0], dw=z.dilation[1],
    )  # fmt: skip
    grid, block = (launch.blocks(layout.size(z.x_shape)),), (launch.THREADS,)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        start(grid, block, ins[0], outs[0], geometry)

    return Plan("a pixel a thread", (layout.PLAIN,), (Output(z.x_shape, z.dtype),), 0, run)
