"""Interpolation: lines and images in another size.

Pixel i of the output lies at s·(i + ½) - ½ among the pixels of the input, s = old size / new size (or 1 / scale
factor): both images cover the same area. With `align_corners` it lies at s·i, s = (old - 1) / (new - 1): the middles of
the first and of the last pixels coincide. The gradient is the adjoint of the same matrix (kernels/resample).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d
from minicnn.functional.common import check_tensor
from minicnn.functional.pool import as_images
from minicnn.functional.resample import Resample, same
from minicnn.functional.window import Shaped
from minicnn.kernels.resample import Axis

RULES = {  # of each mode and number of axes: the rule of kernels/resample and the name of the node
    ("nearest", 1): ("nearest", "UpsampleNearest1DBackward0"),
    ("nearest", 2): ("nearest", "UpsampleNearest2DBackward0"),
    ("nearest-exact", 1): ("nearest", "UpsampleNearestExact1DBackward0"),
    ("nearest-exact", 2): ("nearest", "UpsampleNearestExact2DBackward0"),
    ("linear", 1): ("linear", "UpsampleLinear1DBackward0"),
    ("bilinear", 2): ("linear", "UpsampleBilinear2DBackward0"),
    ("bicubic", 2): ("cubic", "UpsampleBicubic2DBackward0"),
}
MISSING = ("trilinear", "lanczos")


@operation()
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Lines (N, C, L) or images (N, C, H, W) in another size.

    The new size is `size` (an int or one for each axis), or the old one times `scale_factor`, rounded down.
    `mode` is "nearest" (the pixel that floor(s·i) names), "nearest-exact" (the nearest one), "linear" for lines,
    "bilinear" or "bicubic" for images, or "area" (adaptive average pooling). With `recompute_scale_factor` the
    places follow from the two sizes, not from `scale_factor`. ValueError for arguments that contradict each other,
    RuntimeError for sizes below 1, NotImplementedError for modes that do not suit the input, for volumes, lanczos
    and `antialias`, which minicnn lacks.

    >>> import minicnn
    >>> interpolate(minicnn.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    axes = check_tensor(input, "interpolate").ndim - 2
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                f"trilinear; `mode` is {mode!r}"
            )
    elif not isinstance(align_corners, bool | None):
        raise TypeError(f"interpolate(): `align_corners` must be bool, got {align_corners!r}")
    sizes, factors = _sizes(input.shape[2:], size, scale_factor, mode == "area" or bool(recompute_scale_factor))
    if size is not None and recompute_scale_factor:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and axes == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if antialias or axes == 3 or mode in MISSING:
        what = f"antialias={antialias}, mode={mode!r}"
        raise NotImplementedError(
            f"interpolate(): minicnn has no {what} for {input.ndim}D input; it interpolates 3D and 4D input without "
            "`antialias`"
        )
    if axes in (1, 2) and mode == "area":
        return (adaptive_avg_pool1d if axes == 1 else adaptive_avg_pool2d)(input, sizes)
    if (mode, axes) not in RULES:
        raise NotImplementedError(
            f"Got {input.ndim}D input for `mode` {mode!r}: lines (N, C, L) take nearest | nearest-exact | linear | "
            "area, images (N, C, H, W) nearest | nearest-exact | bilinear | bicubic | area"
        )
    _check(input, sizes, mode)
    rule, node = RULES[mode, axes]
    rows_and_columns = [same(1)] * (2 - axes)
    small = axes == 2 and sum(sizes) <= 128  # PyTorch's loop for small images does not ask for the factor
    for old, new, factor in zip(input.shape[2:], sizes, factors, strict=True):
        if rule == "linear" and new == old:  # whatever the factor
            rows_and_columns.append(same(old))
            continue
        if mode == "nearest" and small and new in (old, 2 * old):
            factor = None
        if rule == "nearest":
            numbers = (_scale(old, new, factor), 0.5 if mode == "nearest-exact" else 0.0)
        elif align_corners:
            numbers = ((old - 1) / (new - 1) if new > 1 else 0.0, 1.0)
        else:
            numbers = (_scale(old, new, factor), 0.0)
        rows_and_columns.append(Axis(rule, old, new, numbers))
    if input._array.dtype == np.float16:  # the weights of a half would be halves
        return interpolate(input.float(), size, scale_factor, mode, align_corners, recompute_scale_factor).half()
    y: Tensor = Resample(as_images(input), *rows_and_columns, node)
    return Shaped(y, (*y.shape[:2], y.shape[3]), node=node) if axes == 1 else y


def _scale(old: int, new: int, factor: float | None) -> float:
    return 1 / factor if factor else old / new


def _sizes(
    old: Sequence[int], size: Any, scale_factor: Any, recompute: bool
) -> tuple[list[int], Sequence[float | None]]:
    """The new lengths, and the factors that say where the pixels lie (None: the lengths do)."""
    axes = len(old)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined, got `size` and `scale_factor`")
    if size is not None:
        sizes = list(size) if isinstance(size, tuple | list) else [size] * axes
        if len(sizes) != axes:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(old)} and output size of {size}"
            )
        if any(isinstance(n, bool) or not hasattr(n, "__index__") for n in sizes):
            raise TypeError(f"interpolate(): expected `size` to be an int or {axes} of them, but got {size!r}")
        return [int(n) for n in sizes], [None] * axes
    if scale_factor is None:
        raise ValueError(f"either size or scale_factor should be defined, got {size!r} and {scale_factor!r}")
    factors = list(scale_factor) if isinstance(scale_factor, tuple | list) else [scale_factor] * axes
    if len(factors) != axes:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(old)} and scale_factor of shape {scale_factor}"
        )
    if any(isinstance(f, bool) or not isinstance(f, int | float | np.number) for f in factors):
        raise TypeError(f"interpolate(): `scale_factor` must be a number or {axes} of them, got {scale_factor!r}")
    sizes = [int(n * float(f)) for n, f in zip(old, factors, strict=True)]
    return sizes, [None] * axes if recompute else [float(f) for f in factors]


def _check(input: Tensor, sizes: Sequence[int], mode: str) -> None:
    kind = input._array.dtype
    if kind.kind != "f" and not (kind == np.uint8 and mode.startswith("nearest")):
        raise NotImplementedError(f'"{mode}" not implemented for {input.dtype}; convert with .float()')
    if input.shape[1] == 0:
        raise RuntimeError(f"interpolate(): Non-empty data expected but got `input` of size {list(input.shape)}")
    if min(*input.shape[2:], *sizes) < 1:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(input.shape[2:])} output "
            f"{list(sizes)}"
        )


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """`interpolate` under its old name."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with `mode="nearest"` under its old name."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with `mode="bilinear", align_corners=True` under its old name."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)


def _deprecated(name: str) -> None:
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)
