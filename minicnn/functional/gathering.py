"""gather, scatter and their kin: elements taken from, and put to, the places that an index tensor names."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, to_device
from minicnn.functional.adding import add_at
from minicnn.functional.common import Zeros, check_tensor, normal_axis, sum_to
from minicnn.functional.elementwise import mul
from minicnn.functional.joining import Embed, along
from minicnn.functional.shape import expand, flatten, reshape


def places_along(index: Any, dim: int) -> tuple[Any, ...]:
    """The key that means (i, …, index[i, …, k], …, k): every axis at its own place, `dim` at `index`."""
    xp = array_module(index)
    grid = list(xp.ogrid[tuple(slice(n) for n in index.shape)]) if index.ndim else []
    if not grid:
        return ()
    grid[dim] = index
    return tuple(grid)


class Gather(Operation):
    """input at index along an axis"""

    def forward(ctx, input: Any, dim: int, index: Any) -> Any:
        ctx.shape, ctx.dim = input.shape, dim
        ctx.save(index)
        return input[places_along(index, dim)] if index.ndim else input.copy()

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        return ScatterAdd(Zeros(grad, ctx.shape), ctx.dim, index, grad), None, None


class ScatterAdd(Operation):
    """src added to the input at index along an axis"""

    def forward(ctx, input: Any, dim: int, index: Any, src: Any) -> Any:
        ctx.dim, ctx.src_shape = dim, src.shape
        ctx.save(index)
        output = input.copy()
        if not index.ndim:
            return output + src
        add_at(output, places_along(index, dim), src[tuple(slice(n) for n in index.shape)])
        return output

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        return (
            grad,
            None,
            None,
            _beside(Gather(grad, ctx.dim, index), ctx.src_shape) if ctx.needs(3) else None,
        )


class Scatter(Operation):
    """src in place of the input at index along an axis"""

    def forward(ctx, input: Any, dim: int, index: Any, src: Any) -> Any:
        ctx.dim, ctx.src_shape = dim, np.shape(src)
        ctx.save(index)
        output = input.copy()
        if np.ndim(src):
            src = src[tuple(slice(n) for n in index.shape)]
        output[places_along(index, dim) if index.ndim else ...] = src
        return output

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        kept = Scatter(grad, ctx.dim, index, 0.0) if ctx.needs(0) else None
        src = _beside(Gather(grad, ctx.dim, index), ctx.src_shape) if ctx.needs(3) else None
        return kept, None, None, src

    def name(ctx) -> str:
        return f"ScatterBackward{int(ctx.src_shape == ())}"


def _beside(grad: Any, shape: tuple[int, ...]) -> Any:
    """A gradient of a source of which only the front part was read: 0 behind it."""
    if tuple(grad.shape) == shape:
        return grad
    return Embed(grad, shape, tuple(slice(n) for n in grad.shape)) if shape else sum_to(grad, ())


def _in_shape(result: Tensor, shape: tuple[int, ...]) -> Tensor:
    return result if result.shape == shape else reshape(result, shape)


def _line(value: Any) -> Any:
    """A 0-d tensor as one of one element; anything else as it is."""
    return reshape(value, (1,)) if isinstance(value, Tensor) and not value.ndim else value


def checked_index(input: Tensor, dim: int, index: Tensor, name: str) -> tuple[int, Tensor]:
    """`dim` counted from the front, and `index`, if it fits `input` along that axis; RuntimeError otherwise."""
    axis = normal_axis(dim, check_tensor(input, name).ndim)
    if check_tensor(index, name, "index")._array.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for `index`, got {index.dtype}")
    if max(index.ndim, 1) != max(input.ndim, 1):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as input tensor: {name} got `index` "
            f"{list(index.shape)} for {list(input.shape)}"
        )
    for i, (n, m) in enumerate(zip(index._array.shape, input._array.shape, strict=False)):
        if n > m and i != axis:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(index.shape)} to be no larger "
                f"than self {list(input.shape)} apart from dimension {axis}"
            )
    size = input._array.shape[axis] if input.ndim else 1
    return axis, _inside(index, size, axis)


def _inside(index: Tensor, size: int, axis: int) -> Tensor:
    """`index` if all of it is in 0 … size-1; RuntimeError otherwise. Not looked into on the GPU."""
    array = index._plain_array()
    if array.size and isinstance(array, np.ndarray):
        for value in (int(array.min()), int(array.max())):
            if not 0 <= value < size:
                raise RuntimeError(f"index {value} is out of bounds for dimension {axis} with size {size}")
    return index


@operation(method="gather")
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """input[i, index[i, j], …] along `dim`; the shape is that of `index` (int64)."""
    axis, index = checked_index(input, dim, index, "gather")
    if index.ndim and input.ndim:
        return Gather(input, axis, index)
    return _in_shape(Gather(_line(input), axis, _line(index)), index.shape)


@operation(method="scatter", inplace=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
    """`input` with `src` (a tensor at least as large as `index`, or a number) at `index` along `dim`.

    A number may also be given as `value`. TypeError for both, and for neither.
    """
    if (src is None) == (value is None):
        raise TypeError("scatter(): expected either `src` (a Tensor or a number) or `value` (a number)")
    src = value if src is None else src
    axis, index = checked_index(input, dim, index, "scatter")
    check_source(index, src, input, "scatter")
    if index.ndim and input.ndim:
        return Scatter(input, axis, index, src)
    return _in_shape(Scatter(_line(input), axis, _line(index), _line(src)), input.shape)


@operation(method="scatter_add", inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with `src` added at `index` along `dim`, as often as an index occurs."""
    axis, index = checked_index(input, dim, index, "scatter_add")
    check_source(index, check_tensor(src, "scatter_add", "src"), input, "scatter_add")
    if index.ndim and input.ndim:
        return ScatterAdd(input, axis, index, src)
    return _in_shape(ScatterAdd(_line(input), axis, _line(index), _line(src)), input.shape)


def check_source(index: Tensor, src: Any, input: Tensor, name: str) -> None:
    """RuntimeError if `src` is a tensor of another type than `input`, or smaller than `index`."""
    if not isinstance(src, Tensor):
        return
    if src.dtype is not input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.dtype}, {src.dtype}")
    sizes = [tensor._array.shape or (1,) for tensor in (index, src)]
    if len(sizes[0]) != len(sizes[1]) or any(n > m for n, m in zip(*sizes, strict=True)):
        raise RuntimeError(f"Expected index {list(index.shape)} to be no larger than src {list(src.shape)} in {name}")


@operation(method="take_along_dim")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """The elements at `indices` along `dim`, both broadcast beside it; without `dim` of the flat tensor."""
    if dim is None:
        return gather(flatten(input), 0, flatten(indices))
    axis = normal_axis(dim, check_tensor(input, "take_along_dim").ndim)
    if check_tensor(indices, "take_along_dim", "indices").ndim != input.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    rows, places = list(input._array.shape), list(indices._array.shape)
    rows[axis] = places[axis] = 1
    both = list(np.broadcast_shapes(tuple(rows), tuple(places)))
    both[axis] = input._array.shape[axis]
    wide = expand(input, tuple(both))
    both[axis] = indices._array.shape[axis]
    return gather(wide, axis, expand(indices, tuple(both)))


class IndexSelect(Operation):
    """The parts at the given indices of an axis"""

    def forward(ctx, input: Any, dim: int, index: Any) -> Any:
        ctx.shape, ctx.dim = input.shape, dim
        ctx.save(index)
        return input.take(index, axis=dim)

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        return IndexAdd(Zeros(grad, ctx.shape), ctx.dim, index, grad), None, None


class IndexAdd(Operation):
    """source added to the parts of the input at the given indices of an axis"""

    def forward(ctx, input: Any, dim: int, index: Any, source: Any) -> Any:
        ctx.dim = dim
        ctx.save(index)
        output = input.copy()
        add_at(output, along(dim, index), source)
        return output

    def backward(ctx, grad: Any) -> Any:
        (index,) = ctx.saved()
        return grad, None, None, IndexSelect(grad, ctx.dim, index) if ctx.needs(3) else None


@operation(method="index_select")
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The parts of axis `dim` at `index` (int64, 1-d), in that order; a copy."""
    axis = normal_axis(dim, check_tensor(input, "index_select").ndim)
    if check_tensor(index, "index_select", "index").ndim > 1:
        raise IndexError(f"index_select(): Index is supposed to be a vector, but got dim: {index.ndim}")
    if index._array.dtype not in (np.int32, np.int64):
        raise RuntimeError(f"index_select(): Expected dtype int32 or int64 for `index`, got {index.dtype}")
    array = index._plain_array()
    size = input._array.shape[axis]
    if isinstance(array, np.ndarray) and array.size and not (array.min() >= 0 and array.max() < size):
        raise IndexError(f"index out of range in self: `index` holds {array.min()} … {array.max()}, size {size}")
    return IndexSelect(input, axis, Tensor(to_device(array.reshape(-1), input.device)))


@operation(method="index_add", inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """`input` with alpha · source[k] added to its part index[k] of axis `dim`."""
    axis = normal_axis(dim, check_tensor(input, "index_add").ndim)
    check_tensor(source, "index_add", "source")
    _inside(check_tensor(index, "index_add", "index"), input._array.shape[axis], axis)
    wanted = (*input._array.shape[:axis], index.numel(), *input._array.shape[axis + 1 :])
    if source._array.shape != wanted:
        raise RuntimeError(f"index_add(): `source` must have shape {list(wanted)}, got {list(source.shape)}")
    return IndexAdd(input, axis, index, source if alpha == 1 else mul(source, alpha))
