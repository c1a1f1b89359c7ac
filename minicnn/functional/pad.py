"""Padding: zeros or another constant, reflection, replication, wrapping around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, memory_order
from minicnn.functional.resample import Resample, same
from minicnn.functional.window import Shaped
from minicnn.kernels import layout
from minicnn.kernels.resample import Axis

Widths = tuple[tuple[int, int], ...]  # (before, after) of each axis; negative cuts off


class ConstantPad(Operation):
    """A border of one value; negative widths cut off instead, which is the adjoint"""

    keeps_layout = True

    def forward(ctx, input: Any, widths: Widths, value: float) -> Any:
        ctx.widths = widths
        shape = tuple(n + before + after for n, (before, after) in zip(input.shape, widths, strict=True))
        if isinstance(input, np.ndarray):
            output = layout.empty(shape, input.dtype, memory_order(input))
        else:
            output = array_module(input).empty(shape, input.dtype)
        inside, kept = [], []
        for axis, (n, (before, after)) in enumerate(zip(input.shape, widths, strict=True)):
            for border in (slice(0, max(0, before)), slice(shape[axis] - max(0, after), shape[axis])):
                output[(slice(None),) * axis + (border,)] = value
            inside.append(slice(max(0, before), shape[axis] - max(0, after)))
            kept.append(slice(max(0, -before), n - max(0, -after)))
        output[tuple(inside)] = input[tuple(kept)]
        return output

    def backward(ctx, grad: Any) -> Any:
        return ConstantPad(grad, tuple((-b, -a) for b, a in ctx.widths), 0), None, None

    def name(ctx) -> str:
        return "ConstantPadNdBackward0"


MODES = ("constant", "reflect", "replicate", "circular")
NODES = {"reflect": "ReflectionPad{}DBackward0", "replicate": "ReplicationPad{}DBackward0", "circular": "CopySlices"}


@operation()
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border around `input`; `pad` is (left, right, top, bottom, …), from the last axis on.

    `mode` is "constant" (with `value`, 0 by default; any number of axes; negative widths cut off),
    "reflect" (without the edge), "replicate" (the edge) or "circular" (around to the other side): these
    for the last 1, 2 or 3 axes of an input with one or two more axes. RuntimeError for widths that do
    not fit, NotImplementedError for an unknown mode or number of axes.
    """
    check_tensor(input, "pad")
    widths = _pairs(input, pad)
    if not isinstance(mode, str):
        raise TypeError(f"pad(): `mode` must be str, got {mode!r}")
    if value is not None and not isinstance(value, int | float | np.number):
        raise TypeError(f"pad(): `value` must be a number, got {value!r}")
    if mode not in MODES:
        raise NotImplementedError(f"pad(): `mode` is {mode!r}; expected one of {', '.join(MODES)}")
    if mode == "constant":
        full = ((0, 0),) * (input.ndim - len(widths)) + widths
        for (before, after), n in zip(full, input.shape, strict=True):
            if n + min(before, 0) + min(after, 0) < 0:
                raise RuntimeError(
                    f"pad(): an axis of length {n} cut by `pad` {before} and {after} would have a negative length"
                )
        result: Tensor = ConstantPad(input, full, 0 if value is None else value)
        return result
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument, got `value` {value}')
    if not 1 <= input.ndim - len(widths) <= 2 or len(widths) > 3:
        raise NotImplementedError(
            f"pad(): mode {mode!r} pads the last axes of an input with 1 or 2 more axes, got {len(widths)} pairs "
            f"for shape {list(input.shape)}"
        )
    if mode != "circular":
        if input._array.dtype == bool:
            raise NotImplementedError(
                f"pad(): mode {mode!r} is not implemented for {input.dtype}; convert with .float()"
            )
        if 0 in input.shape[input.ndim - len(widths) - 1 :]:
            raise RuntimeError(
                f"pad(): `input` has shape {list(input.shape)}; in mode {mode!r} only its batch may be empty"
            )
    lengths = [n + sum(w) for n, w in zip(input.shape[input.ndim - len(widths) :], widths, strict=True)]
    if min(lengths, default=1) < 0 or (mode != "circular" and max(lengths, default=1) < 1):
        raise RuntimeError(f"pad(): `pad` {tuple(pad)} leaves nothing of `input` {list(input.shape)}: sizes {lengths}")
    axes = [_axis(n, *w, mode) for n, w in zip(input.shape[input.ndim - len(widths) :], widths, strict=True)]
    return _bordered(input, axes, NODES[mode].format(len(axes)))


def _bordered(input: Tensor, axes: Sequence[Axis], node: str) -> Tensor:
    """The last axes resampled: all but one or two of them are taken together to one, so that planes are left."""
    shape = input.shape if input.ndim == len(axes) + 2 else (1, *input.shape)
    N, C = shape[:2]
    *depth, rows, columns = [same(1)] * (2 - len(axes)) + list(axes)
    x = input.reshape(N, C * math.prod(axis.length for axis in depth), rows.length, columns.length)
    y: Tensor = Resample(x, rows, columns, node)
    if depth:  # (N, C·D, H, W) → (N, C, D, H·W)
        plane = math.prod(y.shape[2:])
        y = Resample(y.reshape(N, C, depth[0].length, plane), depth[0], same(plane), node)
    result = (*input.shape[: input.ndim - len(axes)], *(axis.new_length for axis in axes))
    return y if y.shape == result else Shaped(y, result, node=node)


def _pairs(input: Tensor, pad: Sequence[int]) -> Widths:
    if isinstance(pad, str | dict | set) or any(isinstance(p, bool) or not hasattr(p, "__index__") for p in pad):
        raise TypeError(f"pad(): `pad` must be a tuple of ints, got {pad!r}")
    numbers = [int(p) for p in pad]
    if len(numbers) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, got `pad` {tuple(pad)}")
    if len(numbers) > 2 * input.ndim:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension, got `pad` {tuple(pad)} "
            f"for shape {list(input.shape)}"
        )
    return tuple(zip(numbers[-2::-2], numbers[::-2], strict=True)) if numbers else ()


def _axis(length: int, before: int, after: int, mode: str) -> Axis:
    """The rule by which an axis gets its border, if the widths suit it."""
    limit = {"reflect": length - 1, "replicate": None, "circular": length}[mode]
    for width in (before, after):
        if limit is not None and width > limit:
            raise RuntimeError(
                f"Padding size should be less than the corresponding input dimension, but got: padding ({before}, "
                f"{after}) at a dimension of {length} in mode {mode!r}"
            )
    if length == 0 and not before == after == 0:
        raise RuntimeError(f"pad(): padding ({before}, {after}) of an axis of length 0 has nothing to take")
    return Axis(mode, length, length + before + after, (before,))
