"""The same numbers in another shape: views, axes, joining and cutting.

Where PyTorch gives a view (the result shares the input's memory), so does minicnn. `view(N, -1)` and
`flatten(1)` of a batch-last array (kernels/layout.py) stay batch-last: memory C H W N becomes (CHW) N.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Expand, SumTo, check_tensor, normal_axes, normal_axis
from minicnn.functional.conversion import contiguous
from minicnn.functional.creation import as_size
from minicnn.kernels import layout

Key = Any  # what NumPy takes in brackets

# --- another shape over the same elements -----------------------------------------------------------


class View(Operation):
    """The elements in C order under another shape."""

    keeps_layout = True
    view = True

    def forward(ctx, input: Any, shape: tuple[int, ...]) -> Any:
        ctx.shape = input.shape
        if keeps_batch(input.shape, shape) and layout.order_of(input) == layout.BATCH_LAST:
            rows_last = layout.batch_last_view(input).reshape(*shape[1:], shape[0])  # (…, N)
            return rows_last.transpose(len(shape) - 1, *range(len(shape) - 1))  # (N, …)
        return input.reshape(shape)

    def backward(ctx, grad: Any) -> Any:
        return View(grad, ctx.shape), None


class Bits(Operation):
    """The bits of the elements, read as another type"""

    view = True
    no_gradient = (0,)

    def forward(ctx, input: Any, kind: Any) -> Any:
        return input.view(kind)


def _bits(input: Tensor, dtype: Any) -> Tensor:
    """`view(dtype)`. A type of another size changes the length of the last axis, along which the bytes must lie
    together; RuntimeError where they do not, or do not fill a number of the larger type."""
    kind = dtypes.as_numpy(dtype)
    array = input._plain_array()
    between = f"to view {input.dtype} as {dtypes.from_numpy(kind)} (different element sizes)"
    if kind.itemsize != array.itemsize:
        if not input.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 {between}")
        if input.stride(-1) != 1:
            raise RuntimeError(f"self.stride(-1) must be 1 {between}, but got {input.stride(-1)}")
        if (ratio := kind.itemsize // array.itemsize) > 1:
            counted = [("size(-1)", array.shape[-1]), ("storage_offset()", input.storage_offset())]
            counted += [(f"stride({i})", step) for i, step in enumerate(input.stride()[:-1])]
            for what, number in counted:
                if number % ratio:
                    raise RuntimeError(f"self.{what} must be divisible by {ratio} {between}, but got {number}")
    return Bits(input, kind)


class UnsafeView(View):
    """As View, of elements that first had to be copied into C order."""


class Squeeze(View):
    """Without axes of length 1"""

    def name(ctx) -> str:
        return f"SqueezeBackward{ctx.kind}"

    def forward(ctx, input: Any, shape: tuple[int, ...], *, kind: int = 0) -> Any:
        ctx.kind = kind
        return super().forward(input, shape)


class Unsqueeze(View):
    """With one more axis of length 1"""


def keeps_batch(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether the first axis stays as it is, so that batch-last memory can stay where it is."""
    return len(before) > 1 and len(after) > 1 and before[0] == after[0]


def inferred(shape: tuple[int, ...], input: Tensor, name: str) -> tuple[int, ...]:
    """`shape` with its -1 worked out; RuntimeError where the number of elements does not fit."""
    size = input.numel()
    if any(n < -1 for n in shape):
        raise RuntimeError(f"{name}: invalid shape dimension {min(shape)} in {list(shape)}")
    if shape.count(-1) > 1:
        raise RuntimeError(f"{name}: only one dimension can be inferred, got {list(shape)}")
    known = math.prod(n for n in shape if n != -1)
    if -1 in shape:
        if known == 0:
            raise RuntimeError(
                f"{name}: cannot reshape tensor of {size} elements into shape {list(shape)} because the "
                "unspecified dimension size -1 can be any value and is ambiguous"
            )
        shape = tuple(size // known if n == -1 else n for n in shape)
    if math.prod(shape) != size:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}: {name} of {list(input.shape)}")
    return shape


def _viewed(input: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """A view of `input` in `shape`, or None where its strides do not allow one."""
    if input._batch_last and not keeps_batch(input._array.shape, shape):
        input._make_plain()
    if not input._batch_last and not input._array.flags.c_contiguous and input.numel():
        array = input._array
        if not array_module(array).may_share_memory(array.reshape(shape), array):
            return None
    return View(input, shape)


@operation(method="view")
def view(input: Tensor, *size: Any) -> Tensor:
    """The same memory in another shape; one length may be -1. `view(dtype)`: its bits as another type.

    RuntimeError where the number of elements differs, or where the elements do not lie in an order that
    allows it (use `reshape`).
    """
    if len(size) == 1 and isinstance(size[0], dtypes.dtype):
        return _bits(check_tensor(input, "view"), size[0])
    sizes = inferred(as_size(size, "view", negative=True), check_tensor(input, "view"), "view")
    result = _viewed(input, sizes)
    if result is None:
        raise RuntimeError(
            f"view size {list(sizes)} is not compatible with input tensor's size {list(input.shape)} and "
            f"stride {list(input.stride())} (at least one dimension spans across two contiguous subspaces). "
            "Use .reshape(...) instead."
        )
    return result


@operation(method="reshape")
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements in another shape; one length may be -1. A view where `view` allows it, else a copy."""
    sizes = inferred(as_size(shape, "reshape", negative=True), check_tensor(input, "reshape"), "reshape")
    result = _viewed(input, sizes)
    return UnsafeView(contiguous(input), sizes) if result is None else result


@operation(method="flatten")
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` (included) as one."""
    check_tensor(input, "flatten")
    start, end = normal_axis(start_dim, input.ndim), normal_axis(end_dim, input.ndim)
    if start > end:
        raise RuntimeError(f"flatten() has invalid args: `start_dim` {start} cannot come after `end_dim` {end}")
    if start == end and input.ndim:
        return input
    shape = input._array.shape
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@operation(method="unflatten")
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Axis `dim` cut into axes of lengths `sizes`, one of which may be -1."""
    axis = normal_axis(dim, check_tensor(input, "unflatten").ndim)
    shape = input._array.shape
    parts = as_size(sizes, "unflatten", negative=True)
    known = -math.prod(parts) if -1 in parts else math.prod(parts)
    if known <= 0 or shape[axis] % known or (-1 not in parts and known != shape[axis]):
        raise RuntimeError(
            f"unflatten: `sizes` {list(parts)} don't multiply up to the size of dim {dim} ({shape[axis]})"
        )
    parts = tuple(shape[axis] // known if n == -1 else n for n in parts)
    return view(input, (*shape[:axis], *parts, *shape[axis + 1 :]))


@operation(method="squeeze")
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the axes of length 1, or without those named by `dim` (int or tuple) if their length is 1."""
    shape = check_tensor(input, "squeeze")._array.shape
    axes = () if isinstance(dim, tuple | list) and not dim else normal_axes(dim, len(shape))
    kind = 0 if dim is None else 2 if isinstance(dim, tuple | list) else 1
    kept = tuple(n for i, n in enumerate(shape) if n != 1 or i not in axes)
    return _reviewed(Squeeze, input, kept, kind=kind)


@operation(method="unsqueeze")
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With an axis of length 1 at place `dim`."""
    shape = check_tensor(input, "unsqueeze")._array.shape
    axis = normal_axis(dim, len(shape) + 1)
    return _reviewed(Unsqueeze, input, (*shape[:axis], 1, *shape[axis:]))


def _reviewed(made: type[View], input: Tensor, shape: tuple[int, ...], **options: Any) -> Tensor:
    if not keeps_batch(input._array.shape, shape):
        input._make_plain()
    return made(input, shape, **options)


@operation(method="view_as")
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """A view in the shape of `other`."""
    return view(input, check_tensor(other, "view_as", "other").shape)


@operation(method="reshape_as")
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The elements in the shape of `other`."""
    return reshape(input, check_tensor(other, "reshape_as", "other").shape)


# --- the order of the axes --------------------------------------------------------------------------


class Permute(Operation):
    """The axes in another order, without moving an element."""

    view = True

    def forward(ctx, input: Any, axes: tuple[int, ...]) -> Any:
        ctx.back = tuple(int(i) for i in np.argsort(axes))
        return input.transpose(axes)

    def backward(ctx, grad: Any) -> Any:
        return Permute(grad, ctx.back), None


class Transpose(Permute):
    """Two axes exchanged"""


class T(Permute):
    """A matrix transposed"""


def swapped(ndim: int, a: int, b: int) -> tuple[int, ...]:
    """0 … ndim-1 with `a` and `b` exchanged."""
    axes = list(range(ndim))
    axes[a], axes[b] = b, a
    return tuple(axes)


@operation(method="permute")
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The axes in the order `dims`, a view."""
    order = as_size(dims, "permute", negative=True)
    ndim = check_tensor(input, "permute").ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
            f"the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = "
            f"{len(order)}"
        )
    axes = tuple(normal_axis(d, ndim) for d in order)
    if len(set(axes)) != ndim:
        raise RuntimeError(f"permute(): duplicate dims are not allowed, got `dims` {list(order)}")
    return Permute(input, axes)


@operation(method="transpose")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Axes `dim0` and `dim1` exchanged, a view."""
    ndim = check_tensor(input, "transpose").ndim
    a, b = normal_axis(dim0, ndim), normal_axis(dim1, ndim)
    return Transpose(input, swapped(ndim, a, b) if ndim else ())


@operation(method="t")
def t(input: Tensor) -> Tensor:
    """A matrix transposed (a vector or 0-d tensor as it is), a view."""
    if check_tensor(input, "t").ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return T(input, tuple(reversed(range(input.ndim))))


@operation(prop="T")
def all_reversed(input: Tensor) -> Tensor:
    """All axes in reversed order, a view: `x.T`."""
    return Permute(input, tuple(reversed(range(input.ndim))))


@operation(prop="mT")
def last_two_swapped(input: Tensor) -> Tensor:
    """The last two axes exchanged, a view: `x.mT`."""
    if input.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {input.ndim}-D tensor."
        )
    return transpose(input, -2, -1)


@operation(method="movedim")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Axes `source` moved to the places `destination` (ints or tuples of equal length), a view."""
    ndim = check_tensor(input, "movedim").ndim
    if hasattr(source, "__index__") != hasattr(destination, "__index__"):
        raise TypeError(f"movedim(): `source` {source!r} and `destination` {destination!r} must both be ints or tuples")
    start, end = normal_axes(source, ndim), normal_axes(destination, ndim)
    if len(start) != len(end):
        raise RuntimeError(f"movedim: `source` {source} and `destination` {destination} differ in length")
    order = [axis for axis in range(ndim) if axis not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return Permute(input, tuple(order))


def numel(input: Tensor) -> int:
    """The number of elements."""
    return check_tensor(input, "numel").numel()


@operation()
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: 1-d tensors of lengths M, N, … as views of shape (M, N, …).

    `indexing="xy"` exchanges the first two axes. RuntimeError for another word.
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: `indexing` must be one of "xy" or "ij", but received: {indexing}')
    shape = tuple(check_tensor(x, "meshgrid", "tensors").numel() for x in given)
    grids = []
    for i, x in enumerate(given):
        column = view(contiguous(x), tuple(-1 if j == i else 1 for j in range(len(given))))
        grid = expand(column, shape)
        grids.append(transpose(grid, 0, 1) if indexing == "xy" and len(given) > 1 else grid)
    return tuple(grids)


# --- repeated ---------------------------------------------------------------------------------------


@operation(method="expand")
def expand(input: Tensor, *size: Any) -> Tensor:
    """Axes of length 1 stretched to `size` without a copy; -1 keeps a length, new axes go in front."""
    sizes = as_size(size, "expand", negative=True)
    shape = check_tensor(input, "expand")._array.shape
    lead = len(sizes) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(sizes)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)}); `size` is {list(sizes)}"
        )
    full = []
    for i, n in enumerate(sizes):
        have = shape[i - lead] if i >= lead else 1
        if n == -1 and i < lead:
            raise RuntimeError(f"expand: -1 isn't allowed in a leading, non-existing dimension {i} of {list(sizes)}")
        if n not in (-1, have) and have != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(shape)}"
            )
        full.append(have if n == -1 else n)
    return Expand(input, tuple(full))


@operation(method="expand_as")
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of `other`."""
    return expand(input, check_tensor(other, "expand_as", "other").shape)


@operation(method="broadcast_to")
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to `size`."""
    return expand(input, size)


class Repeat(Operation):
    """Copies side by side; their gradients add up."""

    def forward(ctx, input: Any, repeats: tuple[int, ...]) -> Any:
        ctx.shape, ctx.repeats = input.shape, repeats
        return array_module(input).tile(input, repeats)

    def backward(ctx, grad: Any) -> Any:
        lead = len(ctx.repeats) - len(ctx.shape)
        shape = (1,) * lead + ctx.shape
        pairs = tuple(n for pair in zip(ctx.repeats, shape, strict=True) for n in pair)
        single = tuple(n for length in shape for n in (1, length))
        folded = SumTo(View(grad, pairs), single)  # (r0, n0, r1, n1, …) -> (1, n0, 1, n1, …)
        return View(folded, ctx.shape), None


@operation(method="repeat")
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """`repeats[i]` copies side by side along axis i; new axes go in front."""
    counts = as_size(repeats, "repeat")
    if len(counts) < check_tensor(input, "repeat").ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"`repeats` is {list(counts)}, the tensor has shape {list(input.shape)}"
        )
    return Repeat(input, counts)


@operation(method="tile")
def tile(input: Tensor, *dims: Any) -> Tensor:
    """As `repeat`, with `dims` filled up by 1 in front where the tensor has more axes."""
    counts = as_size(dims, "tile")
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)
