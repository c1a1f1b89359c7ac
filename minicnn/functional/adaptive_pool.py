"""Adaptive pooling: windows that divide an image into a given number of parts.

Part i of an axis of length L covers the positions ⌊i·L/parts⌋ … ⌈(i+1)·L/parts⌉ - 1. Where the parts are equal this is
ordinary pooling. Elsewhere a mean is a product with a matrix of few numbers (kernels/resample); and for the maximum the
windows are laid side by side, as long as the longest, with the last pixel of a shorter one repeated, and then pooled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.creation import zeros
from minicnn.functional.pool import AvgPool, MaxPool, as_given, as_images, windows
from minicnn.functional.resample import Resample
from minicnn.functional.window import Pair, batched, both, lengths
from minicnn.kernels.resample import Axis
from minicnn.kernels.resample.rules import table


class AdaptiveAvgPool(AvgPool):
    """The mean of each of equal windows"""

    def name(ctx) -> str:
        whole = (ctx.sizes.OH, ctx.sizes.OW) == (1, 1)
        return "MeanBackward1" if whole else "AdaptiveAvgPool2DBackward0"


class AdaptiveMaxPool(MaxPool):
    """The largest number of each of equal windows, and where it stood"""

    def name(ctx) -> str:
        return "AdaptiveMaxPool2DBackward0"


class Original(Operation):
    """Places in the windows laid side by side, as places in the image"""

    def forward(ctx, places: Any, rows: Axis, columns: Axis) -> Any:
        h, w = (array_module(places).asarray(_shown(axis)) for axis in (rows, columns))
        return h[places // w.size] * columns.length + w[places % w.size]


@operation()
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that divide the line into `output_size` parts: (N, C, L) or (C, L) to (N, C, OL).

    >>> import minicnn
    >>> adaptive_avg_pool1d(minicnn.arange(5.0).reshape(1, 1, 5), 2)
    tensor([[[1., 3.]]])
    """
    return _avg(input, output_size, 1, "adaptive_avg_pool1d")


@operation()
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that divide the image into `output_size` (OH, OW) parts; None keeps a length.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW). Window i covers rows floor(i·H/OH) … ceil((i+1)·H/OH).
    `output_size` 1 is global average pooling.
    """
    return _avg(input, output_size, 2, "adaptive_avg_pool2d")


def _avg(input: Tensor, output_size: Any, axes: int, name: str) -> Tensor:
    x, single, size, out = _parts(input, output_size, axes, name)
    if x.shape[1] and 0 not in out and size[0] % out[0] == 0 and size[1] % out[1] == 0:
        kernel = (size[0] // out[0], size[1] // out[1])
        y = AdaptiveAvgPool(x, windows(x, "avg", kernel, None, 0, 1, False, name))
    else:
        axis = [Axis("mean", size[i], out[i]) for i in range(2)]
        y = Resample(x, *axis, "AdaptiveAvgPool2DBackward0")
    return as_given(y, axes, single)


@operation()
def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each of `output_size` parts of the line: (N, C, L) or (C, L) to (N, C, OL), with
    `return_indices` also int64 places in the line."""
    return _max(input, output_size, return_indices, 1, "adaptive_max_pool1d")


@operation()
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = True) -> Any:
    """As `adaptive_max_pool1d` with `return_indices=True`."""
    return adaptive_max_pool1d(input, output_size, True)


@operation()
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each of `output_size` (OH, OW) parts of the image; None keeps a length.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW), with `return_indices` also int64 places h·W + w.
    """
    return _max(input, output_size, return_indices, 2, "adaptive_max_pool2d")


@operation()
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = True) -> Any:
    """As `adaptive_max_pool2d` with `return_indices=True`."""
    return adaptive_max_pool2d(input, output_size, True)


def _max(input: Tensor, output_size: Any, return_indices: bool, axes: int, name: str) -> Any:
    x, single, size, out = _parts(input, output_size, axes, name)
    if x.shape[1] == 0:
        raise RuntimeError(f"{name}(): Expected `input` with non-zero sizes, got shape {list(input.shape)}")
    if 0 in out:
        empty = as_given(zeros((*x.shape[:2], *out), dtype=x.dtype, device=x.device), axes, single)
        return (empty, empty.long()) if return_indices else empty
    kernel = [max(-(-(i + 1) * n // o) - i * n // o for i in range(o)) for n, o in zip(size, out, strict=True)]
    axis = [Axis("windows", n, o * k, (o,)) for n, o, k in zip(size, out, kernel, strict=True)]
    laid = [n % o != 0 for n, o in zip(size, out, strict=True)]
    if any(laid):
        x = Resample(x, *axis, "AdaptiveMaxPool2DBackward0")
    y, places = AdaptiveMaxPool(x, windows(x, "max", kernel, None, 0, 1, False, name))
    y = as_given(y, axes, single)
    if not return_indices:
        return y
    places = Original(places, *axis) if any(laid) else places
    return y, as_given(places, axes, single).long()


def _parts(input: Tensor, output_size: Any, axes: int, name: str) -> tuple[Tensor, bool, Pair, Pair]:
    """The input as images, whether it was no batch, its size and the wanted one, all checked."""
    x, single = batched(input, axes, name)
    wanted = output_size
    if axes == 2 and isinstance(output_size, tuple | list) and len(output_size) == 2:
        wanted = tuple(n if w is None else w for w, n in zip(output_size, x.shape[2:], strict=True))
    out = lengths(wanted, axes, name, "output_size", one_in_list=axes == 1)
    if 0 in x.shape[2:]:
        raise RuntimeError(f"{name}(): Expected `input` with non-zero sizes, got shape {list(input.shape)}")
    if not x.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    x = as_images(x)
    return x, single, (x.shape[2], x.shape[3]), both(out)


def _shown(axis: Axis) -> Any:
    """Which position of the axis each position of the windows laid side by side shows."""
    return table(axis, False, np.dtype(np.float64)).column
