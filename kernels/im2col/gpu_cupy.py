"""CUDA C++, in im2col.cu, started through CuPy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import launch, layout
from ..dispatch import Output, Plan
from . import Sizes

FILE = Path(__file__).with_name("im2col.cu")
FUNCTIONS = {size: launch.CudaFunction(FILE, f"im2col_{size}") for size in (1, 2, 4, 8)}


def plan(z: Sizes) -> Plan | None:
    """Numbers of up to 8 bytes, which are only moved, in planes of fewer than 2³¹."""
    if z.dtype.itemsize not in FUNCTIONS or max(z.H * z.W, z.OH * z.OW) >= 1 << 31:
        return None
    function = FUNCTIONS[z.dtype.itemsize]
    windows = z.N * z.C * z.OH * z.OW
    geometry = launch.struct(
        planes=z.N * z.C, H=z.H, W=z.W, KH=z.KH, KW=z.KW, OH=z.OH, OW=z.OW, sh=z.stride[0], sw=z.stride[1],
        ph=z.padding[0], pw=z.padding[1], dh=z.dilation[0], dw=z.dilation[1],
    )  # fmt: skip

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        function(windows, ins[0], outs[0], geometry)

    return Plan("a window a thread", (layout.PLAIN,), (Output(z.columns_shape, z.dtype),), 0, run)
