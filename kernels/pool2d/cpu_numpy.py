"""The reference: the taps of the window one after the other, each a strided slice of the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..activation.cpu_numpy import BACKWARD
from ..dispatch import Output, Plan
from ..im2col.cpu_numpy import overlap
from . import Sizes

Part = tuple[Any, Any]


def plan(z: Sizes) -> Plan:
    """Every case."""
    run = {
        ("max", "forward"): _max, ("max", "input"): _max_input, ("avg", "forward"): _avg, ("avg", "input"): _avg_input
    }[z.kind, z.direction]  # fmt: skip

    scale = z.scale().reshape(z.OH, z.OW) if z.kind == "avg" else None

    def run_plan(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        run(z, outs, ins, scale)
        if z.epilogue:
            outs[0][...] = BACKWARD[z.epilogue[0]](outs[0], ins[-1])

    return Plan("a slice per tap", orders(z), outputs(z), 0, run_plan)


def orders(z: Sizes) -> tuple[str, ...]:
    """The memory orders of the inputs."""
    return (z.order,) * (1 + ((z.kind, z.direction) == ("max", "input")) + len(z.epilogue))


def outputs(z: Sizes) -> tuple[Output, ...]:
    """The outputs."""
    if z.direction == "input":
        return (Output(z.x_shape, z.dtype, z.order),)
    values = Output(z.y_shape, z.dtype, z.order)
    return (values,) if z.kind == "avg" else (values, Output(z.y_shape, np.dtype("int32"), z.order))


def _taps(z: Sizes) -> Iterator[tuple[Part, Part]]:
    """For each tap of the window: the outputs it serves and the inputs it reads, as (rows, columns)."""
    for r in range(z.KH):
        out_h, in_h = overlap((0, z.OH), z.H, z.stride[0], z.padding[0] - r * z.dilation[0])
        for s in range(z.KW):
            out_w, in_w = overlap((0, z.OW), z.W, z.stride[1], z.padding[1] - s * z.dilation[1])
            yield (out_h, out_w), (in_h, in_w)


def _max(z: Sizes, outs: Sequence[Any], ins: Sequence[Any], scale: Any) -> None:
    x, (y, argmax) = ins[0], outs
    y[...] = -np.inf if z.dtype.kind == "f" else np.iinfo(z.dtype).min
    argmax[...] = -1
    positions = np.arange(z.H * z.W, dtype=np.int32).reshape(z.H, z.W)
    for (oh, ow), (ih, iw) in _taps(z):
        here, best = x[:, :, ih, iw], y[:, :, oh, ow]
        better = (here > best) | (argmax[:, :, oh, ow] < 0) | (here != here)
        y[:, :, oh, ow] = np.where(better, here, best)
        argmax[:, :, oh, ow] = np.where(better, positions[ih, iw], argmax[:, :, oh, ow])


def _max_input(z: Sizes, outs: Sequence[Any], ins: Sequence[Any], scale: Any) -> None:
    (g, argmax), (dx,) = ins[:2], outs
    dx[...] = 0
    positions = np.arange(z.H * z.W, dtype=np.int32).reshape(z.H, z.W)
    for (oh, ow), (ih, iw) in _taps(z):
        chosen = argmax[:, :, oh, ow] == positions[ih, iw]
        dx[:, :, ih, iw] += np.where(chosen, g[:, :, oh, ow], 0)


def _avg(z: Sizes, outs: Sequence[Any], ins: Sequence[Any], scale: Any) -> None:
    x, y = ins[0], outs[0]
    y[...] = 0
    for (oh, ow), (ih, iw) in _taps(z):
        y[:, :, oh, ow] += x[:, :, ih, iw]
    y *= scale


def _avg_input(z: Sizes, outs: Sequence[Any], ins: Sequence[Any], scale: Any) -> None:
    g, dx = ins[0], outs[0]
    dx[...] = 0
    scaled = g * scale
    for (oh, ow), (ih, iw) in _taps(z):
        dx[:, :, ih, iw] += scaled[:, :, oh, ow]
