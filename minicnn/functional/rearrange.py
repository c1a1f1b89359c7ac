"""Elements in other places: flip, roll, triangles, diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, normal_axes, normal_axis

# --- turned round -----------------------------------------------------------------------------------


class Flip(Operation):
    """The order of some axes reversed, copied"""

    def forward(ctx, input: Any, axes: tuple[int, ...]) -> Any:
        ctx.axes = axes
        return array_module(input).flip(input, axes).copy()

    def backward(ctx, grad: Any) -> Any:
        return Flip(grad, ctx.axes), None


@operation(method="flip")
def flip(input: Tensor, *dims: Any) -> Tensor:
    """The elements in reversed order along `dims`, a copy."""
    if not dims:
        raise TypeError("flip() misses `dims`: the axes to reverse")
    given = dims[0] if len(dims) == 1 else dims
    axes = normal_axes(given, check_tensor(input, "flip").ndim) if given != () else ()
    return Flip(input, axes)


class Roll(Operation):
    """The elements moved along, those that fall off coming back at the other end"""

    def forward(ctx, input: Any, shifts: Any, axes: Any) -> Any:
        ctx.back, ctx.axes = tuple(-s for s in shifts), axes
        return array_module(input).roll(input, shifts if axes is not None else shifts[0], axes)

    def backward(ctx, grad: Any) -> Any:
        return Roll(grad, ctx.back, ctx.axes), None, None


@operation(method="roll")
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved `shifts` places along `dims` (flattened, without them), round the end."""
    moves = _ints(shifts, "roll", "shifts")
    if dims is None or (isinstance(dims, tuple | list) and not dims):
        if len(moves) != 1:
            raise RuntimeError(f"roll: shifts and dimensions must align. shifts: {len(moves)}, dims: 0")
        return Roll(check_tensor(input, "roll"), moves, None)
    axes = _ints(dims, "roll", "dims")
    if len(axes) != len(moves):
        raise RuntimeError(f"roll: shifts and dimensions must align. shifts: {len(moves)}, dims: {len(axes)}")
    axes = tuple(normal_axis(d, check_tensor(input, "roll").ndim) for d in axes)
    return Roll(input, moves, axes)


def _ints(value: Any, name: str, argument: str) -> tuple[int, ...]:
    """One whole number or several; TypeError for anything else."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    if any(isinstance(v, bool) or not hasattr(v, "__index__") for v in values):
        raise TypeError(f"{name}(): argument `{argument}` must be tuple of ints, got {value!r}")
    return tuple(int(v) for v in values)


# --- triangles and diagonals --------------------------------------------------------------------------


class Tril(Operation):
    """0 above a diagonal"""

    def forward(ctx, input: Any, diagonal: int) -> Any:
        ctx.diagonal = diagonal
        return array_module(input).tril(input, diagonal)

    def backward(ctx, grad: Any) -> Any:
        return Tril(grad, ctx.diagonal), None


class Triu(Operation):
    """0 below a diagonal"""

    def forward(ctx, input: Any, diagonal: int) -> Any:
        ctx.diagonal = diagonal
        return array_module(input).triu(input, diagonal)

    def backward(ctx, grad: Any) -> Any:
        return Triu(grad, ctx.diagonal), None


@operation(method="tril", inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix (…, M, N), the given diagonal included, 0 above."""
    return Tril(_matrices(input, "tril"), _diagonal(diagonal, "tril"))


@operation(method="triu", inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix (…, M, N), the given diagonal included, 0 below."""
    return Triu(_matrices(input, "triu"), _diagonal(diagonal, "triu"))


def _diagonal(diagonal: Any, name: str) -> int:
    if isinstance(diagonal, bool) or not hasattr(diagonal, "__index__"):
        raise TypeError(f"{name}(): argument `diagonal` must be int, not {type(diagonal).__name__}: got {diagonal!r}")
    return int(diagonal)


def _matrices(input: Tensor, name: str) -> Tensor:
    if check_tensor(input, name).ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions, got shape {list(input.shape)}")
    return input


class Diagonal(Operation):
    """The elements (i, i + offset) of two axes, as the last axis of a view."""

    view = True

    def forward(ctx, input: Any, offset: int, dim1: int, dim2: int) -> Any:
        ctx.shape, ctx.args = input.shape, (offset, dim1, dim2)
        return input.diagonal(offset, dim1, dim2)

    def backward(ctx, grad: Any) -> Any:
        return DiagonalEmbed(grad, ctx.shape, *ctx.args), None, None, None


class DiagonalCopy(Diagonal):
    """The elements (i, i + offset) of two axes in memory of their own."""

    view = False

    def forward(ctx, input: Any, offset: int, dim1: int, dim2: int) -> Any:
        return super().forward(input, offset, dim1, dim2).copy()

    def name(ctx) -> str:
        return "DiagonalBackward0_copy"


class DiagonalEmbed(Operation):
    """Zeros of `shape` with the input on a diagonal: the adjoint of Diagonal."""

    def forward(ctx, input: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
        ctx.args = (offset, dim1, dim2)
        output = array_module(input).zeros(shape, input.dtype)
        steps = np.arange(input.shape[-1])
        rows, columns = steps + max(-offset, 0), steps + max(offset, 0)
        xp = array_module(input)
        xp.moveaxis(output, (dim1, dim2), (-2, -1))[..., rows, columns] = input
        return output

    def backward(ctx, grad: Any) -> Any:
        return Diagonal(grad, *ctx.args), None, None, None, None


@operation(method="diagonal")
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements (i, i + offset) of axes `dim1`, `dim2`, as the last axis; a view."""
    ndim = check_tensor(input, "diagonal").ndim
    a, b = normal_axis(dim1, ndim), normal_axis(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return Diagonal(input, offset, a, b)


@operation(method="diag")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix as a vector, or the square matrix with a vector on that diagonal."""
    if check_tensor(input, "diag").ndim == 2:
        return DiagonalCopy(input, diagonal, 0, 1)
    if input.ndim != 1:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    side = input.numel() + abs(diagonal)
    return DiagonalEmbed(input, (side, side), diagonal, 0, 1)
