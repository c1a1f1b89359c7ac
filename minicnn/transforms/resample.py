"""Tensors (..., H, W) in another size: one axis after the other, each new pixel a weighted sum of old ones.

The formulas are those of torch.nn.functional.interpolate with align_corners=False, in the tensor's own precision
(float32 for bytes). With anti-aliasing they are Pillow's: the filter widens by the factor by which the axis
shrinks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def resample(pixels: Array, height: int, width: int, mode: str, antialias: bool) -> Array:
    """`pixels` (..., H, W) as (..., height, width); `mode` "nearest", "nearest-exact", "bilinear" or "bicubic".

    Whole numbers are rounded at the end, half to even, bicubic bytes cut off to 0 ... 255.
    """
    if mode in ("nearest", "nearest-exact"):
        rows, columns = (_nearest(n, m, mode) for n, m in zip(pixels.shape[-2:], (height, width), strict=True))
        return pixels[..., rows[:, None], columns]
    kind = pixels.dtype if pixels.dtype in (np.float32, np.float64) else np.dtype(np.float32)
    make = _antialiased if antialias else _interpolated
    down, across = (make(n, m, mode, kind) for n, m in zip(pixels.shape[-2:], (height, width), strict=True))
    out = down.T @ (pixels.astype(kind, copy=False) @ across)  # (..., height, width)
    return as_kind(out.clip(0, 255) if pixels.dtype == np.uint8 else out, pixels.dtype)


def as_kind(values: Array, kind: np.dtype[Any]) -> Array:
    """Computed `values` as the type that the image had: whole numbers rounded, half to even."""
    return (np.rint(values) if kind.kind in "iu" else values).astype(kind, copy=False)


def _nearest(length: int, new_length: int, mode: str) -> Array:
    scale = np.float32(length) / np.float32(new_length)
    places = np.arange(new_length, dtype=np.float32) + np.float32(0.5 if mode == "nearest-exact" else 0)
    return np.minimum((places * scale).astype(np.int64), length - 1)


def _interpolated(length: int, new_length: int, mode: str, kind: Any) -> Array:
    """The weights (length, new_length) of the two or four nearest pixels."""
    centre = kind.type(length / new_length) * (np.arange(new_length, dtype=kind) + kind.type(0.5)) - kind.type(0.5)
    if mode == "bilinear":
        centre = centre.clip(0)
    first = np.floor(centre).astype(np.int64)
    t = centre - first.astype(kind)
    if mode == "bilinear":
        parts = [1 - t, t]
    else:
        parts = [_cubic(distance, -0.75) for distance in (t + 1, t, 1 - t, 2 - t)]
        first = first - 1
    matrix = np.zeros((length, new_length), kind)
    for offset, part in enumerate(parts):  # beyond the edge stands the edge
        np.add.at(matrix, ((first + offset).clip(0, length - 1), np.arange(new_length)), part.astype(kind))
    return matrix


def _antialiased(length: int, new_length: int, mode: str, kind: Any) -> Array:
    """The weights (length, new_length) of the pixels under a filter as wide as a new pixel."""
    scale = kind.type(length / new_length)
    wide = max(scale, kind.type(1))
    reach: float = 1 if mode == "bilinear" else 2
    filter: Callable[[Array], Array] = _triangle if mode == "bilinear" else lambda x: _cubic(x, -0.5)
    matrix = np.zeros((length, new_length), kind)
    for j in range(new_length):
        centre = scale * kind.type(j + 0.5)
        begin = max(int(centre - reach * wide + kind.type(0.5)), 0)
        end = min(int(centre + reach * wide + kind.type(0.5)), length)
        weights = filter(abs((np.arange(begin, end, dtype=kind) - centre + kind.type(0.5)) * (1 / wide)))
        matrix[begin:end, j] = weights / weights.sum()
    return matrix


def _triangle(x: Array) -> Array:
    return np.maximum(1 - x, 0)


def _cubic(x: Array, a: float) -> Array:
    """The convolution kernel of Keys 1981, "Cubic Convolution Interpolation", equation 4, for distances x >= 0."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))
