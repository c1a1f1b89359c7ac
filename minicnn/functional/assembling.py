"""Put together and taken apart: rows, columns and blocks, repetitions, products of sets, windows, corners turned."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Size, Tensor
from minicnn.backend import array_module, strided, to_device
from minicnn.functional.common import check_tensor, normal_axis
from minicnn.functional.creation import tensor, zeros
from minicnn.functional.elementwise import mul
from minicnn.functional.gathering import index_select
from minicnn.functional.index import getitem
from minicnn.functional.joining import along, cat, listed, split, stack
from minicnn.functional.rearrange import flip
from minicnn.functional.shape import expand, meshgrid, reshape, transpose, unsqueeze

# --- at least so many axes, one shape for all ---------------------------------------------------------


def _at_least(ndim: int, name: str, tensors: tuple[Any, ...]) -> Any:
    several = len(tensors) == 1 and isinstance(tensors[0], tuple | list)
    given = tensors[0] if several else tensors
    results = []
    for x in given:
        check_tensor(x, name, "tensors")
        if ndim == 3 and 0 < x.ndim < 3:  # (N,) -> (1, N, 1), (M, N) -> (M, N, 1)
            x = unsqueeze(unsqueeze(x, 0) if x.ndim == 1 else x, -1)
        while x.ndim < ndim:
            x = unsqueeze(x, 0)
        results.append(x)
    return tuple(results) if several or len(results) > 1 else results[0]


@operation()
def atleast_1d(*tensors: Any) -> Any:
    """Each tensor, a 0-d one with an axis."""
    return _at_least(1, "atleast_1d", tensors)


@operation()
def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least two axes: (N,) becomes (1, N)."""
    return _at_least(2, "atleast_2d", tensors)


@operation()
def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least three axes: (N,) becomes (1, N, 1), (M, N) becomes (M, N, 1)."""
    return _at_least(3, "atleast_3d", tensors)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to; RuntimeError where they do not."""
    try:
        return Size(np.broadcast_shapes(*((s,) if isinstance(s, int) else tuple(s) for s in shapes)))
    except ValueError:
        raise RuntimeError(
            f"Shape mismatch: objects cannot be broadcast to a single shape: {[list(np.atleast_1d(s)) for s in shapes]}"
        ) from None


@operation()
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of all tensors in the one shape that they broadcast to."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    shape = broadcast_shapes(*(check_tensor(x, "broadcast_tensors", "tensors").shape for x in given))
    return tuple(expand(x, shape) for x in given)


# --- side by side -----------------------------------------------------------------------------------


@operation()
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: along the second axis, 1-d ones one after another."""
    given = atleast_1d(listed(tensors, "hstack"))
    return cat(given, 0 if given[0].ndim == 1 else 1)


@operation()
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one below the other, 1-d ones as rows."""
    return cat(atleast_2d(listed(tensors, "vstack")), 0)


@operation()
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one behind the other, along the third axis."""
    return cat(atleast_3d(listed(tensors, "dstack")), 2)


@operation()
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side, 1-d ones as columns."""
    return hstack([reshape(x, (x.numel(), 1)) if x.ndim <= 1 else x for x in listed(tensors, "column_stack")])


@operation()
def block_diag(*tensors: Any) -> Tensor:
    """Matrices along the diagonal of one matrix, 0 elsewhere; 1-d tensors count as rows."""
    blocks = []
    for x in tensors:
        if check_tensor(x, "block_diag", "tensors").ndim > 2:
            raise RuntimeError(f"block_diag expects 2D tensors or fewer, but got one of shape {list(x.shape)}")
        blocks.append(_at_least(2, "block_diag", (x,)))
    width, left, rows = 0, 0, []
    for block in blocks:
        width += block.shape[1]
    for block in blocks:
        height, n = block.shape
        kind, place = block.dtype, block.device
        before, behind = (zeros(height, k, dtype=kind, device=place) for k in (left, width - left - n))
        rows.append(cat([before, block, behind], 1))
        left += n
    return cat(rows, 0) if rows else zeros(1, 0)


@operation(method="kron")
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker's product: `other` times each element of `input`, in its place."""
    ndim = max(check_tensor(input, "kron").ndim, check_tensor(other, "kron", "other").ndim)
    a, b = (reshape(x, (1,) * (ndim - x.ndim) + tuple(x.shape)) for x in (input, other))
    a_shape = tuple(n for length in a.shape for n in (length, 1))
    b_shape = tuple(n for length in b.shape for n in (1, length))
    product = mul(reshape(a, a_shape), reshape(b, b_shape))
    return reshape(product, tuple(m * n for m, n in zip(a.shape, b.shape, strict=True)))


# --- repeated ---------------------------------------------------------------------------------------


@operation(method="repeat_interleave")
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each part of axis `dim` (of the flat tensor without it) `repeats` times (a number, or one for each).

    `repeat_interleave(repeats)` alone: the number of each place, as often as it says.
    """
    if repeats is None:
        counts = check_tensor(input, "repeat_interleave").numpy(force=True)
        return Tensor(to_device(np.repeat(np.arange(len(counts)), counts), input.device))
    x = reshape(check_tensor(input, "repeat_interleave"), -1) if dim is None else input
    axis = normal_axis(0 if dim is None else dim, x.ndim)
    counts = np.asarray(repeats.numpy(force=True) if isinstance(repeats, Tensor) else repeats)
    if counts.ndim > 1 or (counts.size != 1 and counts.size != x.shape[axis]):
        raise RuntimeError(
            f"repeats must be 0-dim or 1-dim tensor, with one number or one for each of the {x.shape[axis]} parts "
            f"along dim, got {counts.tolist()}"
        )
    if (counts < 0).any():
        raise RuntimeError(f"repeats can not be negative, got {counts.tolist()}")
    places = np.repeat(np.arange(x.shape[axis]), counts if counts.ndim else int(counts))
    return index_select(x, axis, Tensor(places))


# --- products of sets -------------------------------------------------------------------------------


@operation()
def cartesian_prod(*tensors: Any) -> Tensor:
    """All tuples of an element of each 1-d tensor, as rows."""
    if len(tensors) == 1:
        return check_tensor(tensors[0], "cartesian_prod", "tensors")
    return stack([reshape(grid, -1) for grid in meshgrid(*tensors)], 1)


@operation()
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of `r` elements of a 1-d tensor, as rows; with `with_replacement` also of equal places."""
    if check_tensor(input, "combinations").ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.numel()), r)), np.int64).reshape(-1, r)
    return reshape(index_select(input, 0, Tensor(places.reshape(-1))), places.shape)


def _triangle(name: str, lower: bool, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    if row < 0 or col < 0:
        raise RuntimeError(f"{name}: row and col must be non-negative, got {row} and {col}")
    found = np.tril_indices(row, offset, col) if lower else np.triu_indices(row, offset, col)
    return tensor(np.array(found, np.int64), dtype, device)


@operation()
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The places (2, number) of the lower triangle of a matrix (row, col), row by row."""
    return _triangle("tril_indices", True, row, col, offset, dtype, device)


@operation()
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The places (2, number) of the upper triangle of a matrix (row, col), row by row."""
    return _triangle("triu_indices", False, row, col, offset, dtype, device)


# --- cut --------------------------------------------------------------------------------------------


@operation(method="tensor_split")
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`indices_or_sections` pieces of almost equal length along `dim`, or pieces that begin at these indices; views."""
    if check_tensor(input, "tensor_split").ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    axis = normal_axis(dim, input.ndim)
    length = input.shape[axis]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
        sizes = [length // sections + (i < length % sections) for i in range(sections)]
        return split(input, sizes, axis)
    ends = [slice(None, i).indices(length)[1] for i in indices_or_sections]
    starts, stops = [0, *ends], [*ends, length]
    return tuple(getitem(input, along(axis, slice(a, max(a, b)))) for a, b in zip(starts, stops, strict=True))


def _pieces(input: Tensor, cut: Any, dim: int, name: str, least: int) -> tuple[Tensor, ...]:
    if check_tensor(input, name).ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{input.ndim} dimensions!"
        )
    if isinstance(cut, int) and (cut <= 0 or input.shape[dim] % cut):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input.shape[dim]} is not divisible by the split_size {cut}!"
        )
    return tensor_split(input, cut, dim)


@operation(method="hsplit")
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces side by side (along the second axis, of a vector the first), or from these indices on; views."""
    return _pieces(input, indices_or_sections, 1 if input.ndim > 1 else 0, "hsplit", 1)


@operation(method="vsplit")
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces one below the other (along the first axis), or from these indices on; views."""
    return _pieces(input, indices_or_sections, 0, "vsplit", 2)


@operation(method="dsplit")
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces along the third axis, or from these indices on; views."""
    return _pieces(input, indices_or_sections, 2, "dsplit", 3)


# --- turned -----------------------------------------------------------------------------------------


@operation(method="fliplr")
def fliplr(input: Tensor) -> Tensor:
    """The second axis in reversed order: left and right exchanged."""
    if check_tensor(input, "fliplr").ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@operation(method="flipud")
def flipud(input: Tensor) -> Tensor:
    """The first axis in reversed order: top and bottom exchanged."""
    if check_tensor(input, "flipud").ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@operation(method="rot90")
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by k·90° in the plane of two axes, from the first towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if check_tensor(input, "rot90").ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    a, b = (normal_axis(d, input.ndim) for d in dims)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return flip(input, (a, b))
    return transpose(flip(input, (b,)), a, b) if turns == 1 else flip(transpose(input, a, b), (b,))


@operation(method="ravel")
def ravel(input: Tensor) -> Tensor:
    """All elements in one axis; a view where possible."""
    return reshape(check_tensor(input, "ravel"), -1)


# --- windows ----------------------------------------------------------------------------------------


class Unfold(Operation):
    """Windows along an axis, overlapping views; the last axis runs within a window"""

    view = True

    def forward(ctx, input: Any, dim: int, size: int, step: int) -> Any:
        ctx.args = input.shape, dim, size, step
        if not input.ndim:
            return input.reshape(1)[:size]
        shape, strides = list(input.shape), list(input.strides)
        shape[dim], strides[dim] = (shape[dim] - size) // step + 1, strides[dim] * step
        return strided(input, (*shape, size), (*strides, input.strides[dim]))

    def backward(ctx, grad: Any) -> Any:
        return UnfoldBackward(grad, *ctx.args), None, None, None


class UnfoldBackward(Operation):
    """The elements of overlapping windows added up in their places: the adjoint of Unfold"""

    def forward(ctx, grad: Any, shape: tuple[int, ...], dim: int, size: int, step: int) -> Any:
        ctx.args = dim, size, step
        output = array_module(grad).zeros(shape, grad.dtype)
        if not shape:
            return grad.sum().reshape(())
        count = grad.shape[dim]
        for k in range(size):
            output[along(dim, slice(k, k + step * (count - 1) + 1, step))] += grad[..., k]
        return output

    def backward(ctx, grad: Any) -> Any:
        return Unfold(grad, *ctx.args), None, None, None, None


@operation(method="unfold")
def windows(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements along an axis, `step` apart: (…, number of windows, …, size), a view."""
    axis = normal_axis(dimension, check_tensor(input, "unfold").ndim)
    length = input.shape[axis] if input.ndim else 1
    if not 0 <= size <= length:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return Unfold(input, axis, size, step)
