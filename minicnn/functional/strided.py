"""as_strided: a memory read by strides of the user's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import address, device_of, on_cpu, owner_of, strided, to_device
from minicnn.functional.common import Zeros, check_tensor
from minicnn.functional.elementwise import Mul
from minicnn.functional.gathering import Gather, ScatterAdd
from minicnn.functional.reshaped import become
from minicnn.functional.shape import View


class AsStrided(Operation):
    """Elements of a memory, `stride[i]` from one index to the next along axis i

    The gradient takes the way of the elements: added up where they lie in memory, and fetched from there by the
    strides of the input; an element of memory that the input shows more than once is divided among its places.
    """

    view = True
    replayable = False  # where the memory begins is not the array's to say

    def forward(ctx, input: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
        ctx.shape, ctx.kind = input.shape, input.dtype
        memory, here = _memory(input)
        ctx.places = [
            _places(input.shape, tuple(s // input.itemsize for s in input.strides), here),
            _places(size, stride, offset),
        ]
        step = input.itemsize
        strides = tuple(s * step for s in stride)
        if on_cpu(input):
            return np.ndarray(size, input.dtype, memory, offset * step, strides)
        return strided(memory[offset:], size, strides)

    def backward(ctx, grad: Any) -> Any:
        shown, read = ctx.places
        where = device_of(grad._array if isinstance(grad, Tensor) else grad)
        length = int(max(places.max(initial=-1) for places in ctx.places)) + 1
        memory = ScatterAdd(Zeros(grad, (length,)), 0, to_device(read, where), View(grad, (read.size,)))
        times = np.bincount(shown, minlength=length)
        if times.max(initial=0) > 1:
            memory = Mul(memory, to_device((1 / np.maximum(times, 1)).astype(ctx.kind), where))
        return View(Gather(memory, 0, to_device(shown, where)), ctx.shape), None, None, None


def _memory(array: Any) -> tuple[Any, int]:
    """All of the memory that `array` is a part of, as a line of elements of its type, and the number of its first."""
    owner = owner_of(array)
    in_order = owner.transpose(sorted(range(owner.ndim), key=lambda axis: -owner.strides[axis]))
    if on_cpu(owner):
        line = np.ndarray((owner.nbytes // array.itemsize,), array.dtype, in_order)
    else:
        line = in_order.reshape(-1).view(array.dtype)
    return line, (address(array) - address(owner)) // array.itemsize


def _places(size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> np.ndarray:
    """The place in memory of every element, in C order."""
    place = np.full((), offset, np.int64)
    for length, step in zip(size, stride, strict=True):
        place = place[..., None] + np.arange(length, dtype=np.int64) * step
    return place.reshape(-1)


@operation(method="as_strided")
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the memory of `input`: element (i, j, …) is the one at storage_offset + i·stride[0] + j·stride[1] + ….

    `storage_offset` is that of `input` unless given; both count elements. Elements may be shown more than once.
    RuntimeError for strides below 0, a `stride` not as long as `size`, and places beside the memory.

    >>> import minicnn
    >>> minicnn.arange(5).as_strided((3, 3), (1, 1))  # all windows of three
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    sizes, strides = tuple(size), tuple(stride)
    array = check_tensor(input, "as_strided")._plain_array()
    if len(sizes) != len(strides):
        raise RuntimeError(f"as_strided: mismatch in length of strides and shape, got {sizes} and {strides}")
    if any(s < 0 for s in strides):
        raise RuntimeError(f"as_strided: Negative strides are not supported, got `stride` {list(strides)}")
    if any(n < 0 for n in sizes):
        raise RuntimeError(f"as_strided: `size` must not be negative, got {list(sizes)}")
    memory, here = _memory(array)
    offset = here if storage_offset is None else storage_offset
    if offset < 0:
        raise RuntimeError(f"as_strided: invalid storage offset {offset}")
    needed = offset + 1 + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True)) if math.prod(sizes) else 0
    if needed > memory.size:
        raise RuntimeError(
            f"as_strided: sizes {list(sizes)}, strides {list(strides)}, storage offset {offset} requiring a storage of "
            f"{needed} elements are out of bounds for storage of {memory.size}"
        )
    return AsStrided(input, sizes, strides, offset if needed else 0)


@operation(method="as_strided_")
def as_strided_(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """In-place form of `as_strided`."""
    return become(input, as_strided(input, size, stride, storage_offset), "as_strided_")
