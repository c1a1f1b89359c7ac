"""The reference: for each tap of the filter, one row of the columns is added to a strided slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import layout
from ..dispatch import Output, Plan
from ..im2col.cpu_numpy import overlap
from . import Sizes

Pair = tuple[int, int]


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        (x,), (columns,) = outs, ins
        x[...] = 0
        for n in range(z.N):
            col2im(columns[n], x[n], (z.KH, z.KW), (0, z.OH), z.OW, z.stride, z.padding, z.dilation)

    return Plan("a slice per tap", (layout.PLAIN,), (Output(z.x_shape, z.dtype),), 0, run)


def col2im(
    columns: Any, x: Any, kernel: Pair, rows: Pair, OW: int, stride: Pair, padding: Pair, dilation: Pair
) -> None:
    """Add the columns (C·KH·KW, rows·OW) of the output rows rows[0] … rows[1] to one image x (C, H, W)."""
    KH, KW = kernel
    columns = columns.reshape(x.shape[0], KH, KW, rows[1] - rows[0], OW)
    for r in range(KH):
        out_h, in_h = overlap(rows, x.shape[1], stride[0], padding[0] - r * dilation[0])
        for s in range(KW):
            out_w, in_w = overlap((0, OW), x.shape[2], stride[1], padding[1] - s * dilation[1])
            x[:, in_h, in_w] += columns[:, r, s, out_h, out_w]
