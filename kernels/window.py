"""The arithmetic of sliding windows, once: which input positions a window sees, and where it stands.

Along one axis, output position o and tap j look at input position

    i = o·stride - padding + j·dilation,      valid if 0 ≤ i < length

Sizes are checked by the caller: nothing here raises.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Axis(NamedTuple):
    """A family of windows along one axis: outputs start, start + step, …, `count` of them. Output
    number q begins at input position base + q·base_step; its tap number j is `tap_step` further each
    time and is tap taps[j] of the filter."""

    start: int
    step: int
    count: int  # type: ignore[assignment]  # instead of tuple.count, which nobody asks for
    base: int
    base_step: int
    tap_step: int
    taps: tuple[int, ...]


def forward_axis(kernel: int, out: int, stride: int, padding: int, dilation: int) -> list[Axis]:
    """The windows of a convolution: one family."""
    return [Axis(0, 1, out, -padding, stride, dilation, tuple(range(kernel)))]


def backward_axis(kernel: int, length: int, stride: int, padding: int, dilation: int) -> list[Axis]:
    """The windows of the transposed convolution, `length` outputs long: one family for each residue.

    Position i got something through tap j exactly if i + padding - j·dilation is a multiple of the
    stride; it then came from (i + padding - j·dilation) / stride. Positions that are equal modulo the
    stride use the same taps, so each residue is an ordinary convolution with some of the taps, at equal
    distances, and no product with an inserted zero is ever computed.
    """
    families = []
    for residue in range(min(stride, length)):
        count = len(range(residue, length, stride))
        taps = [j for j in range(kernel) if (residue + padding - j * dilation) % stride == 0]
        taps.reverse()  # the source position then rises from tap to tap
        sources = [(residue + padding - j * dilation) // stride for j in taps]
        step = sources[1] - sources[0] if len(taps) > 1 else 1
        families.append(Axis(residue, stride, count, sources[0] if taps else 0, 1, step, tuple(taps)))
    return families


def valid_taps(axis: Axis, length: int) -> np.ndarray:
    """(count, 2): for each output of the family the first valid tap and the one after the last."""
    first = axis.base + np.arange(axis.count) * axis.base_step
    taps = len(axis.taps)
    low = np.clip(-(first // axis.tap_step), 0, taps)  # the smallest j with first + j·step >= 0
    high = np.clip(-((first - length) // axis.tap_step), 0, taps)  # the smallest j beyond the end
    return np.stack([low, np.maximum(low, high)], axis=1).astype(np.int64)
