"""Joining and cutting: cat, stack, split, chunk, unbind, narrow, select."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import To, Zeros, check_tensor, normal_axis
from minicnn.kernels import dispatch, layout

Key = Any  # what NumPy takes in brackets

# --- a part of an array, and an array of which a part is given ----------------------------------------


class Slice(Operation):
    """input[key] for a basic key (ints, slices, None, …): a view."""

    view = True

    def forward(ctx, input: Any, key: Key, *, label: str = "Slice") -> Any:
        ctx.shape, ctx.key, ctx.label = input.shape, key, label
        key = key if isinstance(key, tuple) else (key,)
        return input[key if any(k is ... for k in key) else (*key, ...)]  # with ... a scalar, too, is a view

    def backward(ctx, grad: Any) -> Any:
        return Embed(grad, ctx.shape, ctx.key), None

    def name(ctx) -> str:
        return f"{ctx.label}Backward0"


class Embed(Operation):
    """An array of zeros whose part [key] is the input: the adjoint of Slice."""

    def forward(ctx, input: Any, shape: tuple[int, ...], key: Key) -> Any:
        ctx.key = key
        output = array_module(input).zeros(shape, input.dtype)
        output[key] = input
        return output

    def backward(ctx, grad: Any) -> Any:
        return Slice(grad, ctx.key), None, None


def along(axis: int, index: Any) -> Key:
    """The key that applies `index` to one axis."""
    return (slice(None),) * axis + (index,)


def zeros_beside(grads: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, of the type and device of the first gradient there is."""
    return Zeros(next(g for g in grads if g is not None), shape)


@operation(method="narrow")
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` indices of axis `dim` from `start` on, a view."""
    axis = normal_axis(dim, check_tensor(input, "narrow").ndim)
    if isinstance(start, bool) or isinstance(length, bool):
        raise TypeError(f"narrow(): `start` and `length` must be int, got {start!r} and {length!r}")
    size = input._array.shape[axis]
    if not -size <= start <= size:
        raise IndexError(
            f"Dimension out of range: `start` expected to be in range of [{-size}, {size}], but got {start}"
        )
    first = start + size if start < 0 else start
    if length < 0:
        raise RuntimeError(f"narrow(): `length` must be non-negative, got {length}")
    if first + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return Slice(input, along(axis, slice(first, first + length)))


@operation(method="select")
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The part at `index` of axis `dim`, without that axis, a view."""
    if check_tensor(input, "select").ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = normal_axis(dim, input.ndim)
    size = input._array.shape[axis]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        )
    return Slice(input, along(axis, int(index)), label="Select")


# --- joined -----------------------------------------------------------------------------------------


class Cat(Operation):
    """Arrays one after another along an axis; the gradient is cut at the seams."""

    keeps_layout = True

    def forward(ctx, dim: int, *arrays: Any) -> Any:
        ctx.dim, ctx.lengths = dim, tuple(a.shape[dim] for a in arrays)
        if not any(isinstance(a, np.ndarray) and layout.order_of(a) == layout.BATCH_LAST for a in arrays):
            return array_module(arrays[0]).concatenate(arrays, axis=dim)
        shape = list(arrays[0].shape)
        shape[dim] = sum(ctx.lengths)
        output = layout.empty(tuple(shape), arrays[0].dtype, layout.BATCH_LAST)
        ordered = [dispatch.in_order(a, layout.BATCH_LAST) for a in arrays]
        return np.concatenate(ordered, axis=dim, out=output)

    def backward(ctx, grad: Any) -> Any:
        pieces, start = [], 0
        for i, length in enumerate(ctx.lengths):
            key = along(ctx.dim, slice(start, start + length))
            pieces.append(Slice(grad, key) if ctx.needs(i + 1) else None)
            start += length
        return None, *pieces


@operation()
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along axis `dim`; all other lengths must agree.

    RuntimeError where they do not, ValueError for an empty list. A 1-d tensor without elements is passed
    over.
    """
    if isinstance(tensors, tuple | list) and not tensors:
        raise ValueError("cat(): expected a non-empty list of Tensors as `tensors`, got none")
    given = listed(tensors, "cat")
    kind = dtypes.result_type(*(np.empty(1, x._array.dtype) for x in given))
    kept = [x for x in given if x._array.shape != (0,)] or given
    ndim = kept[0].ndim
    if ndim == 0:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    axis = normal_axis(dim, ndim)
    for i, x in enumerate(kept):
        if x.ndim != ndim:
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {ndim} and {x.ndim} (tensor number {i})"
            )
        for d, (m, n) in enumerate(zip(kept[0]._array.shape, x._array.shape, strict=True)):
            if m != n and d != axis:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {m} but got size "
                    f"{n} for tensor number {i} in the list (dimension {d})."
                )
    return Cat(axis, *(x if x._array.dtype == kind else To(x, kind) for x in kept))


@operation()
def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """As `cat`."""
    return cat(tensors, dim)


class Stack(Operation):
    """Arrays of one shape side by side along a new axis"""

    def forward(ctx, dim: int, *arrays: Any) -> Any:
        ctx.dim = dim
        return array_module(arrays[0]).stack(arrays, axis=dim)

    def backward(ctx, grad: Any) -> Any:
        count = len(ctx.edges) - 1
        return None, *(Slice(grad, along(ctx.dim, i)) if ctx.needs(i + 1) else None for i in range(count))


@operation()
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new axis `dim`."""
    given = listed(tensors, "stack")
    for i, x in enumerate(given):
        if x.shape != given[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(given[0].shape)} at entry 0 and "
                f"{list(x.shape)} at entry {i}"
            )
    kind = dtypes.result_type(*(np.empty(1, x._array.dtype) for x in given))
    axis = normal_axis(dim, given[0].ndim + 1)
    return Stack(axis, *(x if x._array.dtype == kind else To(x, kind) for x in given))


def listed(tensors: Any, name: str) -> list[Tensor]:
    """The `tensors` as a list; TypeError for anything else, RuntimeError for none."""
    if isinstance(tensors, Tensor) or not hasattr(tensors, "__iter__"):
        raise TypeError(f"{name}(): argument `tensors` must be tuple of Tensors, not {type(tensors).__name__}")
    given = [check_tensor(x, name, "tensors") for x in tensors]
    if not given:
        raise RuntimeError(f"{name} expects a non-empty list of Tensors: `tensors` is empty")
    return given


# --- cut --------------------------------------------------------------------------------------------


class Split(Operation):
    """Pieces of the given lengths along an axis, as views"""

    view = True

    def forward(ctx, input: Any, sizes: tuple[int, ...], dim: int, *, label: str = "Split") -> Any:
        ctx.shapes, ctx.dim, ctx.label, start, pieces = [], dim, label, 0, []
        for size in sizes:
            piece = input[along(dim, slice(start, start + size))]
            pieces.append(piece)
            ctx.shapes.append(piece.shape)
            start += size
        return tuple(pieces)

    def backward(ctx, *grads: Any) -> Any:
        whole = [zeros_beside(grads, s) if g is None else g for g, s in zip(grads, ctx.shapes, strict=True)]
        return Cat(ctx.dim, *whole), None, None

    def name(ctx) -> str:
        return f"{ctx.label}Backward0"


class Unbind(Operation):
    """All parts along an axis, as views without it"""

    view = True

    def forward(ctx, input: Any, dim: int) -> Any:
        ctx.dim, ctx.shape = dim, input.shape[:dim] + input.shape[dim + 1 :]
        keys = ((*along(dim, i), ...) for i in range(input.shape[dim]))
        return tuple(input[key] for key in keys)

    def backward(ctx, *grads: Any) -> Any:
        return Stack(ctx.dim, *(zeros_beside(grads, ctx.shape) if g is None else g for g in grads)), None


@operation(method="split")
def split(
    tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Pieces of one length (the last may be shorter), or of the lengths in a list, along `dim`; views."""
    axis = normal_axis(dim, check_tensor(tensor, "split", "tensor").ndim)
    length = tensor._array.shape[axis]
    if split_size_or_sections is None:  # the name that the method has in PyTorch
        split_size_or_sections = split_size
    if hasattr(split_size_or_sections, "__index__") and not isinstance(split_size_or_sections, Tensor | bool):
        size = int(split_size_or_sections)
        if size < 0 or (size == 0 and length):
            raise RuntimeError(
                f"split expects `split_size_or_sections` be positive, but got {size} for length {length}"
            )
        starts = range(0, length, size) if size else ()
        sizes = tuple(min(size, length - start) for start in starts) or (0,)
        return Split(tensor, sizes, axis)
    several = isinstance(split_size_or_sections, tuple | list | Tensor)
    if not several or any(not hasattr(n, "__index__") for n in split_size_or_sections):
        raise TypeError(
            f"split(): `split_size_or_sections` must be a whole number or several, got {split_size_or_sections!r}"
        )
    sizes = tuple(int(n) for n in split_size_or_sections)
    if sum(sizes) != length or any(n < 0 for n in sizes):
        raise RuntimeError(
            f"split_with_sizes expects `split_size_or_sections` to sum exactly to {length} (input tensor's "
            f"size at dimension {axis}), but got {list(sizes)}"
        )
    return Split(tensor, sizes, axis, label="SplitWithSizes")


@operation(method="chunk")
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal length (the last may be shorter) along `dim`; views."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = normal_axis(dim, check_tensor(input, "chunk").ndim)
    length = input._array.shape[axis]
    if length == 0:
        return split(input, [0] * chunks, axis)
    return split(input, -(-length // chunks), axis)


@operation(method="unbind")
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All parts along axis `dim`, without it; views."""
    if check_tensor(input, "unbind").ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    axis = normal_axis(dim, input.ndim)
    return Unbind(input, axis) if input._array.shape[axis] else ()
