"""The reference: a convolution is im2col and one matrix product.

im2col writes the window under each output pixel as a column; the filters, flattened, are the rows of
a matrix; their product is the output:

    w (K, C·KH·KW)  @  columns (C·KH·KW, OH·OW)  =  y (K, OH·OW)

The other two directions are the two transposes of that product: wᵀ @ g gives the gradient of the
columns, which col2im adds back to the pixels they came from, and g @ columnsᵀ gives the gradient of
the filters. One image and a band of output rows at a time, so that the workspace stays bounded
(COLUMNS numbers) whatever the image size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import layout
from ..activation.cpu_numpy import FORWARD
from ..col2im.cpu_numpy import col2im
from ..dispatch import Output, Plan
from ..im2col.cpu_numpy import im2col
from . import Sizes

COLUMNS = 4 << 20  # at most this many numbers in one band of columns


def plan(z: Sizes) -> Plan:
    """Every case; arrays in plain order."""
    outputs = {
        "forward": (Output(z.y_shape, z.dtype),),
        "input": (Output(z.x_shape, z.dtype),),
        "weight": (Output(z.w_shape, z.dtype), *((Output((z.K,), z.dtype),) if z.epilogue else ())),
    }[z.direction]
    run = {"forward": _forward, "input": _input, "weight": _weight}[z.direction]
    bias = int("bias" in z.epilogue and z.direction != "weight")

    def run_plan(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        run(z, outs, ins)

    return Plan("im2col + matmul", (layout.PLAIN,) * (2 + bias), outputs, 0, run_plan)


def _bands(z: Sizes) -> Iterator[tuple[int, int]]:
    """Bands of output rows whose columns stay below COLUMNS numbers."""
    rows = max(1, COLUMNS // max(1, (z.C // z.groups) * z.KH * z.KW * z.OW))
    for first in range(0, z.OH, rows):
        yield first, min(first + rows, z.OH)


def _columns(z: Sizes, x: Any, group: int, rows: tuple[int, int]) -> Any:
    """The columns of one image, one group, one band: (C/groups·KH·KW, rows·OW)."""
    channels = z.C // z.groups
    part = x[group * channels : (group + 1) * channels]  # (C/groups, H, W)
    return im2col(part, (z.KH, z.KW), rows, z.OW, z.stride, z.padding, z.dilation)


def _forward(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    (y,), (x, w) = outs, ins[:2]
    filters = w.reshape(z.groups, z.K // z.groups, -1)  # (groups, K/groups, C/groups·KH·KW)
    y = y.reshape(z.N, z.groups, z.K // z.groups, z.OH * z.OW)
    for n in range(z.N):
        for group in range(z.groups):
            for first, last in _bands(z):
                columns = _columns(z, x[n], group, (first, last))
                y[n, group, :, first * z.OW : last * z.OW] = filters[group] @ columns
    _epilogue(z, outs[0], ins)


def _input(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    (dx,), (g, w) = outs, ins[:2]
    filters = w.reshape(z.groups, z.K // z.groups, -1)
    g = g.reshape(z.N, z.groups, z.K // z.groups, z.OH * z.OW)
    channels = z.C // z.groups
    dx[...] = 0
    for n in range(z.N):
        for group in range(z.groups):
            part = dx[n, group * channels : (group + 1) * channels]  # (C/groups, H, W)
            for first, last in _bands(z):
                columns = filters[group].T @ g[n, group, :, first * z.OW : last * z.OW]
                col2im(columns, part, (z.KH, z.KW), (first, last), z.OW, z.stride, z.padding, z.dilation)
    _epilogue(z, dx, ins)


def _weight(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    x, g = ins
    dw = outs[0].reshape(z.groups, z.K // z.groups, -1)
    dw[...] = 0
    grouped = g.reshape(z.N, z.groups, z.K // z.groups, z.OH * z.OW)
    for n in range(z.N):
        for group in range(z.groups):
            for first, last in _bands(z):
                columns = _columns(z, x[n], group, (first, last))
                dw[group] += grouped[n, group, :, first * z.OW : last * z.OW] @ columns.T
    if z.epilogue:
        outs[1][...] = g.sum(axis=(0, 2, 3))


def _epilogue(z: Sizes, y: Any, ins: Sequence[Any]) -> None:
    for step in z.epilogue:
        if step == "bias":
            y += ins[2].reshape(1, -1, 1, 1)
        else:
            y[...] = FORWARD[step](y)


