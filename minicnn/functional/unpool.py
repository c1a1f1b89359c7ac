"""Max unpooling: each number back to where it stood before max pooling, zeros elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, on_cpu
from minicnn.functional.common import check_tensor
from minicnn.functional.gathering import Gather
from minicnn.functional.pool import as_given, as_images
from minicnn.functional.shape import View
from minicnn.functional.window import Pair, batched, both, lengths


class MaxUnpool(Operation):
    """Numbers (N, C, H, W) put at the places `indices` of planes of `size`; the last of several stays"""

    def forward(ctx, x: Any, indices: Any, size: Pair) -> Any:
        ctx.shape, ctx.area = x.shape, size[0] * size[1]
        ctx.flat = (x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
        xp = array_module(x)
        looks = indices.size and on_cpu(indices)  # on the GPU nobody looks
        for place in (indices.min(), indices.max()) if looks else ():
            if not 0 <= place < ctx.area:
                raise RuntimeError(
                    f"Found an invalid max index: {place} (output volumes are of size {size[0]}x{size[1]})"
                )
        places = indices.reshape(ctx.flat)
        ctx.save(places)
        y = xp.zeros((*x.shape[:2], ctx.area), x.dtype)
        n, c = (xp.arange(length) for length in x.shape[:2])
        y[n[:, None, None], c[:, None], places] = x.reshape(ctx.flat)
        return y.reshape(*x.shape[:2], *size)

    def backward(ctx, grad: Any) -> Any:
        (places,) = ctx.saved()
        return View(Gather(View(grad, (*ctx.flat[:2], ctx.area)), 2, places), ctx.shape), None, None

    def name(ctx) -> str:
        return "MaxUnpool2DBackward0"


@operation()
def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """The partial inverse of `max_pool1d`: input (N, C, L) or (C, L) and `indices` of its shape, int64, as
    `max_pool1d` returns them, to (N, C, OL) with zeros where no maximum stood.

    OL = (L - 1)·stride - 2·padding + kernel_size, or `output_size`, less than a stride away from that (ValueError).
    RuntimeError for an index outside the output, and for a `kernel_size` or `stride` below 1, which PyTorch does not
    look at. Of numbers for the same place the last one stays.
    """
    return _unpool(input, indices, kernel_size, stride, padding, output_size, 1, "max_unpool1d")


@operation()
def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """The partial inverse of `max_pool2d`: input (N, C, H, W) or (C, H, W) and `indices` of its shape, int64
    places h·OW + w, to (N, C, OH, OW) with zeros where no maximum stood.

    OH = (H - 1)·stride - 2·padding + KH, or `output_size`, less than a stride away from that (ValueError).
    RuntimeError for an index outside the output, and for a `kernel_size` or `stride` below 1, which PyTorch does not
    look at. Of numbers for the same place the last one stays.

    >>> import minicnn
    >>> from minicnn.nn import functional as F
    >>> values, places = F.max_pool2d(minicnn.arange(16.0).reshape(1, 4, 4), 2, return_indices=True)
    >>> max_unpool2d(values, places, 2)[0, 1]
    tensor([0., 5., 0., 7.])
    """
    return _unpool(input, indices, kernel_size, stride, padding, output_size, 2, "max_unpool2d")


def _unpool(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any, axes: int, name: str
) -> Tensor:
    x, single = batched(input, axes, name)
    check_tensor(indices, name, "indices")
    kernel = lengths(kernel_size, axes, name, "kernel_size", 1)
    strides = kernel if stride is None else lengths(stride, axes, name, "stride", 1)
    paddings = lengths(padding, axes, name, "padding")
    usual = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(x.shape[2:], strides, kernel, paddings, strict=True)]
    size = usual if output_size is None else _wanted(output_size, usual, strides)
    if indices._array.dtype != np.int64:
        raise RuntimeError(f"{name}(): elements in `indices` should be of type int64 but are {indices.dtype}")
    if indices.shape != input.shape:
        raise RuntimeError(
            f"Expected shape of `indices` to be that of the input ({list(input.shape)}), but got {list(indices.shape)}"
        )
    if not x.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    if 0 in x.shape[1:]:
        raise RuntimeError(f"{name}(): `input` has shape {list(input.shape)}; only its batch may be empty")
    if min(size) < 0:
        raise RuntimeError(f"{name}(): the output would have a negative size: {size}")
    places = indices.unsqueeze(0) if single else indices
    return as_given(MaxUnpool(as_images(x), as_images(places), both(size)), axes, single)


def _wanted(output_size: Sequence[int], usual: Sequence[int], stride: Sequence[int]) -> list[int]:
    axes, size = len(usual), list(output_size)
    if len(size) == axes + 2:
        size = size[2:]
    if len(size) != axes:
        raise ValueError(
            f"output_size should be a sequence containing {axes} or {axes + 2} elements, but it has a length of "
            f"'{len(size)}'"
        )
    for i, (n, u, s) in enumerate(zip(size, usual, stride, strict=True)):
        if not u - s < n < u + s:
            raise ValueError(f'invalid output_size "{size}" (dim {i} must be between {u - s} and {u + s})')
    return size
