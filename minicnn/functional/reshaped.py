"""The shape changed in place: unsqueeze_, squeeze_, t_, transpose_, resize_. The memory stays, but for resize_."""

from __future__ import annotations

import math
from typing import Any

from minicnn.autograd.register import check_inplace, operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor
from minicnn.functional.creation import as_size
from minicnn.functional.shape import squeeze, t, transpose, unsqueeze
from minicnn.kernels.recorder import recorder


def become(target: Tensor, view: Tensor, name: str) -> Tensor:
    """Let `target` be `view`, which was made of it."""
    check_inplace(target, False, name)
    if recorder.tape is not None:
        recorder.tape.refuse(f"changes the shape of a tensor in place ({name})")
    view._make_plain()
    target._array, target._batch_last = view._array, False
    target._version.count += 1
    if view.requires_grad:
        target.grad_fn, target._output_index = view.grad_fn, view._output_index
    return target


@operation(method="unsqueeze_")
def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """In-place form of `unsqueeze`."""
    return become(check_tensor(input, "unsqueeze_"), unsqueeze(input, dim), "unsqueeze_")


@operation(method="squeeze_")
def squeeze_(input: Tensor, dim: Any = None) -> Tensor:
    """In-place form of `squeeze`."""
    return become(check_tensor(input, "squeeze_"), squeeze(input, dim), "squeeze_")


@operation(method="t_")
def t_(input: Tensor) -> Tensor:
    """In-place form of `t`."""
    return become(check_tensor(input, "t_"), t(input), "t_")


@operation(method="transpose_")
def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """In-place form of `transpose`."""
    return become(check_tensor(input, "transpose_"), transpose(input, dim0, dim1), "transpose_")


@operation(method="resize_")
def resize_(input: Tensor, *sizes: Any) -> Tensor:
    """Another shape in place: the first elements in C order, with memory of its own (not filled) if they are too few.

    RuntimeError for a tensor that requires grad.
    """
    shape = as_size(sizes, "resize_")
    if check_tensor(input, "resize_").requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    flat, size = input._plain_array().reshape(-1), math.prod(shape)
    if flat.size < size:
        xp = array_module(flat)
        flat = xp.concatenate([flat, xp.empty(size - flat.size, flat.dtype)])
    input._array = flat[:size].reshape(shape)
    input._version.count += 1
    return input
