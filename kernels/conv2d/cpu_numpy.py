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

import numpy as np

from .. import layout
from ..activation.cpu_numpy import BACKWARD, FORWARD
from ..col2im.cpu_numpy import col2im
from ..dispatch import Output, Plan
from ..im2col.cpu_numpy import im2col
from ..pool2d import Sizes as PoolSizes
from ..pool2d.cpu_numpy import plan as plan_pool
from . import Sizes

COLUMNS = 4 << 20  # at most this many numbers in one band of columns


def plan(z: Sizes) -> Plan:
    """Every case; arrays in plain order."""
    run = {"forward": _forward, "input": _input, "weight": _weight}[z.direction]
    more = sum(step == "bias" or step.endswith("_gradient") for step in z.epilogue) if z.direction != "weight" else 0

    def run_plan(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        run(z, outs, ins)

    return Plan("im2col + matmul", (layout.PLAIN,) * (2 + more), outputs(z, layout.PLAIN), 0, run_plan)


def outputs(z: Sizes, order: str) -> tuple[Output, ...]:
    """The outputs, activations in memory order `order`."""
    if z.direction == "weight":
        return (Output(z.w_shape, z.dtype), *((Output((z.K,), z.dtype),) if z.epilogue else ()))
    first = Output(z.y_shape if z.direction == "forward" else z.x_shape, z.dtype, order)
    pooled = Output((z.N, z.K, z.OH // 2, z.OW // 2), z.dtype, order)
    places = pooled._replace(dtype=np.dtype("int32"))
    return (first, *(pooled,) * any("pool2" in step for step in z.epilogue), *(places,) * ("maxpool2" in z.epilogue))


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
    y, (x, w) = outs[0], ins[:2]
    filters = w.reshape(z.groups, z.K // z.groups, -1)  # (groups, K/groups, C/groups·KH·KW)
    y = y.reshape(z.N, z.groups, z.K // z.groups, z.OH * z.OW)
    for n in range(z.N):
        for group in range(z.groups):
            for first, last in _bands(z):
                columns = _columns(z, x[n], group, (first, last))
                y[n, group, :, first * z.OW : last * z.OW] = filters[group] @ columns
    _epilogue(z, outs, ins)


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
    _epilogue(z, outs, ins)


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


def _epilogue(z: Sizes, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    y = outs[0]
    for step in z.epilogue:
        if step == "bias":
            y += ins[2].reshape(1, -1, 1, 1)
        elif step in FORWARD:
            y[...] = FORWARD[step](y)
        elif step.endswith("_gradient"):
            y[...] = BACKWARD[step.removesuffix("_gradient")](y, ins[-1])
        else:
            kind = step.removesuffix("pool2")
            sizes = PoolSizes(
                kind, "forward", z.N, z.K, z.OH, z.OW, 2, 2, z.OH // 2, z.OW // 2, (2, 2), (0, 0), (1, 1), z.dtype,
                layout.PLAIN,
            )  # fmt: skip
            scale = np.full(outs[1].shape[2] * outs[1].shape[3], 0.25, z.dtype)
            plan_pool(sizes).run(outs[1:], (y, scale) if kind == "avg" else (y,), None)
