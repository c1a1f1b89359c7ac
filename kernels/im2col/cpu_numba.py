"""Numba: the rows of the columns in parallel; the plan knows beforehand what of each row is border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout
from ..dispatch import Output, Plan
from ..window import forward_axis, valid_taps
from . import Sizes, loops


def plan(z: Sizes) -> Plan | None:
    """Numbers of 1, 4 or 8 bytes: they are moved, so what they mean is of no account (0 has no bit set)."""
    if z.dtype.kind not in "fiub" or z.dtype.itemsize == 2 or 0 in z.x_shape + z.columns_shape:
        return None
    bits = f"u{z.dtype.itemsize}"  # one compiled loop for each size of element
    inside_h, inside_w = outputs_inside(z)
    geometry = geometry_of(z)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        x, columns = ins[0].reshape(-1), outs[0].reshape(-1)
        loops.im2col(x.view(bits), columns.view(bits), inside_h, inside_w, geometry)

    return Plan("a row a task", (layout.PLAIN,), (Output(z.columns_shape, z.dtype),), 0, run)


def geometry_of(z: Sizes) -> np.ndarray:
    """The lengths that the loops need."""
    lengths = (z.H, z.W, z.KH, z.KW, z.OH, z.OW)
    return np.array([z.N * z.C, *lengths, *z.stride, *z.padding, *z.dilation], np.int64)


def outputs_inside(z: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """For each tap r (and s), the first output that looks inside the image, and the one after the last.

    Output o and tap j look at o·stride - padding + j·dilation. `valid_taps` answers "which taps, for this
    output?"; with output and tap exchanged, and with them stride and dilation, it answers our question.
    """
    (rows,) = forward_axis(z.OH, z.KH, z.dilation[0], z.padding[0], z.stride[0])
    (columns,) = forward_axis(z.OW, z.KW, z.dilation[1], z.padding[1], z.stride[1])
    return valid_taps(rows, z.H), valid_taps(columns, z.W)
