"""Padding: zeros or another constant, reflection, replication, wrapping around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor

Widths = tuple[tuple[int, int], ...]  # (before, after) of each axis; negative cuts off


class ConstantPad(Operation):
    """A border of one value; negative widths cut off instead, which is the adjoint"""

    def forward(ctx, input: Any, widths: Widths, value: float) -> Any:
        ctx.widths = widths
        cut = tuple(slice(max(0, -b), n - max(0, -a)) for (b, a), n in zip(widths, input.shape, strict=True))
        grow = [(max(0, b), max(0, a)) for b, a in widths]
        if not any(map(any, grow)):
            return input[cut].copy()
        return array_module(input).pad(input[cut], grow, constant_values=value)

    def backward(ctx, grad: Any) -> Any:
        return ConstantPad(grad, tuple((-b, -a) for b, a in ctx.widths), 0), None, None

    def name(ctx) -> str:
        return "ConstantPadNdBackward0"


class TakeAxis(Operation):
    """Positions `index` along an axis; they may repeat"""

    def forward(ctx, input: Any, axis: int, index: Any) -> Any:
        ctx.axis, ctx.index, ctx.length = axis, index, input.shape[axis]
        return array_module(input).take(input, index, axis=axis)

    def backward(ctx, grad: Any) -> Any:
        return AddAxis(grad, ctx.axis, ctx.index, ctx.length), None, None

    def name(ctx) -> str:
        return "PadBackward0"


class AddAxis(Operation):
    """The adjoint of TakeAxis: each slice is added to the position it was taken from"""

    def forward(ctx, input: Any, axis: int, index: Any, length: int) -> Any:
        ctx.axis, ctx.index = axis, index
        xp = array_module(input)
        # a sum for each position in the order of the index: the same bits every time, also on a GPU
        out = xp.zeros((length, *np.delete(input.shape, axis)), input.dtype)
        slices = xp.moveaxis(input, axis, 0)
        for i, position in enumerate(index):
            out[position] += slices[i]
        return xp.ascontiguousarray(xp.moveaxis(out, 0, axis))

    def backward(ctx, grad: Any) -> Any:
        return TakeAxis(grad, ctx.axis, ctx.index), None, None, None


MODES = ("constant", "reflect", "replicate", "circular")


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
            raise NotImplementedError(f"pad(): mode {mode!r} is not implemented for {input.dtype}")
        if 0 in input.shape[input.ndim - len(widths) - 1 :]:
            raise RuntimeError(
                f"pad(): `input` has shape {list(input.shape)}; in mode {mode!r} only its batch may be empty"
            )
    lengths = [n + sum(w) for n, w in zip(input.shape[input.ndim - len(widths) :], widths, strict=True)]
    if min(lengths, default=1) < 0 or (mode != "circular" and max(lengths, default=1) < 1):
        raise RuntimeError(f"pad(): `pad` {tuple(pad)} leaves nothing of `input` {list(input.shape)}: sizes {lengths}")
    output = input
    for axis, (before, after) in enumerate(widths, input.ndim - len(widths)):
        if (before, after) != (0, 0):
            output = TakeAxis(output, axis, _index(input.shape[axis], before, after, mode))
    return output if output is not input else input.clone()


def _pairs(input: Tensor, pad: Sequence[int]) -> Widths:
    if isinstance(pad, str) or any(isinstance(p, bool) or not hasattr(p, "__index__") for p in pad):
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


def _index(length: int, before: int, after: int, mode: str) -> np.ndarray:
    """Which position of the input each position of the output shows."""
    limit = {"reflect": length - 1, "replicate": None, "circular": length}[mode]
    for width in (before, after):
        if limit is not None and width > limit:
            raise RuntimeError(
                f"Padding size should be less than the corresponding input dimension, but got: padding ({before}, "
                f"{after}) at a dimension of {length} in mode {mode!r}"
            )
    if length == 0:
        raise RuntimeError(f"pad(): padding ({before}, {after}) of an axis of length 0 has nothing to take")
    positions = np.arange(-before, length + after)
    if mode == "circular":
        return positions % length
    if mode == "reflect":
        positions = np.abs(positions)
        return (length - 1) - np.abs(length - 1 - positions)
    return positions.clip(0, length - 1)
