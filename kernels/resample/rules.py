"""The rules of `resample`: for every position of the output, the positions of the input that it is made of.

A rule gives indices and weights (new_length, taps); an index -1 is no tap. Positions are computed in the type of the
images, as PyTorch does, since a position that rounds to the other side of a whole number names another pixel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import Axis

Taps = tuple[np.ndarray, np.ndarray]

CUBIC = -0.75  # of Keys' family of cubic kernels (1981), the member that PyTorch and OpenCV use


class Table(NamedTuple):
    """A sparse matrix by rows: row i has weight[t] in column[t], for start[i] ≤ t < start[i + 1]."""

    start: np.ndarray
    column: np.ndarray
    weight: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The number of taps of each row."""
        return np.diff(self.start)


def table(axis: Axis, adjoint: bool, dtype: Any) -> Table:
    """The matrix of an axis, or its transpose."""
    real = np.dtype(dtype if dtype.kind == "f" else np.float64)
    index, weight = RULES[axis.rule](axis, real)
    row, tap = np.nonzero(index >= 0)
    column, value = index[row, tap], weight[row, tap]
    height = axis.new_length
    if adjoint:
        order = np.argsort(column, kind="stable")
        row, column, value, height = column[order], row[order], value[order], axis.length
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=height))])
    return Table(start.astype(np.int64), column.astype(np.int64), value.astype(dtype))


def _picked(index: np.ndarray) -> Taps:
    """One tap of weight 1."""
    return index[:, None].astype(np.int64), np.ones((index.size, 1))


def _same(axis: Axis, real: Any) -> Taps:
    return _picked(np.arange(axis.length))


def _nearest(axis: Axis, real: Any) -> Taps:
    """The pixel in which i·scale falls; numbers: (scale, 0), or (scale, ½) for the middle of pixel i."""
    scale, middle = real.type(axis.numbers[0]), real.type(axis.numbers[1])
    # in PyTorch a fused multiply-add: the product is not rounded before ½ is taken away and given back
    place = (np.float64(scale) * (np.arange(axis.new_length) + middle) - middle).astype(real)
    place = (np.maximum(place, 0) + middle).astype(np.float32)
    return _picked(np.minimum(np.floor(place).astype(np.int64), axis.length - 1))


def _places(axis: Axis, real: Any) -> np.ndarray:
    """Where the middle of each output pixel lies among the middles of the input's; numbers: (scale, align_corners)."""
    scale, corners = real.type(axis.numbers[0]), axis.numbers[1]
    i = np.arange(axis.new_length, dtype=real)
    return scale * i if corners else scale * (i + real.type(0.5)) - real.type(0.5)


def _linear(axis: Axis, real: Any) -> Taps:
    """The two pixels around a place, the nearer one counting more."""
    place = np.maximum(_places(axis, real), 0)
    left = np.minimum(np.floor(place).astype(np.int64), axis.length - 1)
    right = np.minimum(left + 1, axis.length - 1)
    share = np.clip(place - left.astype(real), 0, 1)
    return np.stack([left, right], 1), np.stack([1 - share, share], 1)


def _cubic(axis: Axis, real: Any) -> Taps:
    """The four pixels around a place, those beside the image being the one at its edge."""
    place = _places(axis, real)
    left = np.floor(place)
    share = place - left
    taps = np.stack([left.astype(np.int64) + k for k in (-1, 0, 1, 2)], 1).clip(0, axis.length - 1)
    distance = np.stack([share + 1, share, 1 - share, 2 - share], 1)
    near = ((CUBIC + 2) * distance - (CUBIC + 3)) * distance * distance + 1
    far = ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC
    return taps, np.where(distance <= 1, near, far)


def _parts(length: int, parts: int) -> np.ndarray:
    """(parts, taps): the positions ⌊i·length/parts⌋ … ⌈(i+1)·length/parts⌉ - 1 of part i, then -1."""
    i = np.arange(parts)
    first, last = i * length // parts, -(-(i + 1) * length // parts)
    position = first[:, None] + np.arange(max(last - first, default=0))
    return np.where(position < last[:, None], position, -1)


def _mean(axis: Axis, real: Any) -> Taps:
    """The mean of each part of the axis: adaptive pooling."""
    index = _parts(axis.length, axis.new_length)
    counts = (index >= 0).sum(1, keepdims=True)
    return index, np.broadcast_to(1 / counts, index.shape)


def _windows(axis: Axis, real: Any) -> Taps:
    """The parts of the axis side by side, all as long as the longest: the last position of a shorter one repeats."""
    index = _parts(axis.length, int(axis.numbers[0]))
    return _picked(np.where(index < 0, index.max(1, keepdims=True, initial=-1), index).reshape(-1))


def _reflect(axis: Axis, real: Any) -> Taps:
    """A border that mirrors, without the edge; numbers: (how many positions before,)."""
    position, last = np.abs(_shifted(axis)), axis.length - 1
    return _picked(last - np.abs(last - position))


def _replicate(axis: Axis, real: Any) -> Taps:
    """A border that repeats the edge."""
    return _picked(_shifted(axis).clip(0, axis.length - 1))


def _circular(axis: Axis, real: Any) -> Taps:
    """A border that shows the other side."""
    return _picked(_shifted(axis) % max(axis.length, 1))


def _shifted(axis: Axis) -> np.ndarray:
    return np.arange(axis.new_length) - int(axis.numbers[0])


RULES = {
    "same": _same,
    "nearest": _nearest,
    "linear": _linear,
    "cubic": _cubic,
    "mean": _mean,
    "windows": _windows,
    "reflect": _reflect,
    "replicate": _replicate,
    "circular": _circular,
}
