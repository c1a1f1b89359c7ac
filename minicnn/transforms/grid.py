"""Tensors (..., H, W) looked at through a grid of places: for each new pixel, where in the old image it lies.

Places are PyTorch's: -1 ... 1 from edge to edge of the image, as in affine_grid and grid_sample with
align_corners=False; so are formulas and rounding, in the tensor's own precision (float32 for bytes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn.transforms.arguments import InterpolationMode
from minicnn.transforms.resample import as_kind

Array = NDArray[Any]
Size = tuple[int, int]  # (width, height)


def affine_grid(matrix: Sequence[float], size: Size, new_size: Size, kind: np.dtype[Any]) -> Array:
    """The places (height, width, 2) of an affine map; `matrix` is its first two rows, for places in pixels from the
    middle of the image."""
    kind = _floating(kind)
    (width, height), (new_width, new_height) = size, new_size
    theta = np.array(matrix, kind).reshape(2, 3).T / np.array([0.5 * width, 0.5 * height], kind)  # (3, 2)
    base = _base((-new_width * 0.5 + 0.5, new_width), (-new_height * 0.5 + 0.5, new_height), kind)
    return _mapped(base, theta).reshape(new_height, new_width, 2)


def projective_grid(coefficients: Sequence[float], width: int, height: int, kind: np.dtype[Any]) -> Array:
    """The places (height, width, 2) of a projective map; its eight coefficients are for places in pixels."""
    kind = _floating(kind)
    a, b, c, d, e, f, g, h = coefficients
    above = np.array([[a, b, c], [d, e, f]], kind).T / np.array([0.5 * width, 0.5 * height], kind)  # (3, 2)
    below = np.array([[g, h, 1.0], [g, h, 1.0]], kind).T
    base = _base((0.5, width), (0.5, height), kind)
    return (_mapped(base, above) / _mapped(base, below) - kind.type(1)).reshape(height, width, 2)


def _floating(kind: np.dtype[Any]) -> np.dtype[Any]:
    return kind if kind.kind == "f" else np.dtype(np.float32)


def _base(x: tuple[float, int], y: tuple[float, int], kind: np.dtype[Any]) -> Array:
    """(x, y, 1) of every pixel, (pixels, 3); `x` and `y` are where an axis begins and its length."""
    across, down = (start + np.arange(count) for start, count in (x, y))
    base = np.ones((len(down), len(across), 3), kind)
    base[..., 0], base[..., 1] = across, down[:, None]
    return base.reshape(-1, 3)


def _mapped(base: Array, theta: Array) -> Array:
    """base (pixels, 3) @ theta (3, 2), every product and every sum rounded, as in PyTorch: a place that lies just
    between two pixels shall go to the same one."""
    x, y, one = (base[:, axis : axis + 1] for axis in range(3))
    result: Array = x * theta[0] + y * theta[1] + one * theta[2]
    return result


def rotated_size(matrix: Sequence[float], width: int, height: int) -> Size:
    """(width, height) of the smallest image that holds the whole of the mapped one."""
    corners = np.array([[x, y, 1] for x in (-0.5, 0.5) for y in (-0.5, 0.5)]) * [width, height, 1]
    places = corners.astype(np.float32) @ np.array(matrix, np.float32).reshape(2, 3).T  # (4, 2)
    half, tenths = np.array([width, height], np.float32) * np.float32(0.5), np.float32(1e-4)
    low, high = (np.trunc((edge(axis=0) + half) / tenths) * tenths for edge in (places.min, places.max))
    across, down = np.ceil(high) - np.floor(low)
    return int(across), int(down)


def sample(pixels: Array, grid: Array, mode: InterpolationMode, fill: Any) -> Array:
    """`pixels` (..., H, W) at the places `grid` (h, w, 2); `fill`, a number or one a channel, stands outside.

    ValueError for other modes than nearest and bilinear, and for a `fill` of another length.
    """
    if mode not in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")
    channels = 1 if pixels.ndim == 2 else pixels.shape[-3]
    if fill is not None:
        fill = np.asarray(fill, grid.dtype).reshape(-1, 1, 1)
        if fill.shape[0] not in (1, channels):
            raise ValueError(
                "The number of elements in 'fill' cannot broadcast to match the number of channels of the image "
                f"({fill.shape[0]} != {channels})"
            )
        fill = fill[0] if pixels.ndim == 2 else fill
    values = pixels.astype(grid.dtype, copy=False)
    height, width = pixels.shape[-2:]
    x = (grid[..., 0] + 1) * grid.dtype.type(width * 0.5) - grid.dtype.type(0.5)
    y = (grid[..., 1] + 1) * grid.dtype.type(height * 0.5) - grid.dtype.type(0.5)
    if mode is InterpolationMode.NEAREST:
        out, inside = _pick(values, np.rint(y), np.rint(x))
        out = out if fill is None else np.where(inside, out, fill)
        return as_kind(out, pixels.dtype)
    top, left = np.floor(y), np.floor(x)
    down, right = y - top, x - left
    out, covered = np.zeros((), grid.dtype), np.zeros((), grid.dtype)
    for i, j, weight in (
        (top, left, (1 - right) * (1 - down)),
        (top, left + 1, right * (1 - down)),
        (top + 1, left, (1 - right) * down),
        (top + 1, left + 1, right * down),
    ):
        part, inside = _pick(values, i, j)
        out, covered = out + part * weight, covered + inside * weight
    if fill is not None:
        out = out * covered + (1 - covered) * fill
    return as_kind(out, pixels.dtype)


def _pick(values: Array, i: Array, j: Array) -> tuple[Array, Array]:
    """values[..., i, j], 0 outside of the image, and whether it is inside."""
    height, width = values.shape[-2:]
    inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
    rows, columns = i.clip(0, height - 1).astype(np.int64), j.clip(0, width - 1).astype(np.int64)
    return values[..., rows, columns] * inside, inside
