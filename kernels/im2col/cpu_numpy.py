"""The reference: for each tap of the filter, one strided slice of the image is one row of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from . import Sizes

Pair = tuple[int, int]


def plan(z: Sizes) -> Plan:
    """Every case."""

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        for n in range(z.N):
            outs[0][n] = im2col(ins[0][n], (z.KH, z.KW), (0, z.OH), z.OW, z.stride, z.padding, z.dilation)

    return Plan("a slice per tap", (layout.PLAIN,), (Output(z.columns_shape, z.dtype),), 0, run)


def im2col(x: Any, kernel: Pair, rows: Pair, OW: int, stride: Pair, padding: Pair, dilation: Pair) -> Any:
    """The columns of one image x (C, H, W) for the output rows rows[0] … rows[1]: (C·KH·KW, rows·OW)."""
    (KH, KW), OH = kernel, rows[1] - rows[0]
    columns = np.zeros((x.shape[0], KH, KW, OH, OW), x.dtype)
    for r in range(KH):
        out_h, in_h = overlap(rows, x.shape[1], stride[0], padding[0] - r * dilation[0])
        for s in range(KW):
            out_w, in_w = overlap((0, OW), x.shape[2], stride[1], padding[1] - s * dilation[1])
            columns[:, r, s, out_h, out_w] = x[:, in_h, in_w]
    return columns.reshape(-1, OH * OW)


def overlap(outputs: Pair, length: int, stride: int, shift: int) -> tuple[slice, slice]:
    """For one tap along one axis: which outputs (counted from outputs[0]) look inside the image, and
    at which positions: output o looks at o·stride - shift."""
    first = max(outputs[0], -(-shift // stride))  # the smallest o with o·stride >= shift
    last = min(outputs[1], (length - 1 + shift) // stride + 1)
    if last <= first:
        return slice(0, 0), slice(0, 0)
    start = first * stride - shift
    return slice(first - outputs[0], last - outputs[0]), slice(start, start + (last - first - 1) * stride + 1, stride)
