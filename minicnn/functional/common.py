"""What every family of operations needs: operands, promotion, un-broadcasting, axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, made, on_cpu
from minicnn.kernels import dispatch, layout

Number = int | float | bool
Dim = int | tuple[int, ...] | list[int] | None


class Zeros(Operation):
    """Zeros of `shape`, of the type and on the device of `like`: what a backward rule adds to. Made by an operation, so
    that a recorded step makes them anew"""

    def forward(ctx, like: Any, shape: tuple[int, ...]) -> Any:
        return array_module(like).zeros(shape, like.dtype)

    def backward(ctx, grad: Any) -> Any:
        return None, None


class To(Operation):
    """Conversion to another dtype; the gradient is converted back."""

    keeps_layout = True

    def forward(ctx, input: Any, kind: Any) -> Any:
        ctx.kind = input.dtype
        if kind.kind == "V":
            input = input.astype(np.float32)  # as PyTorch rounds
        elif kind.kind in "iu" and kind.itemsize < 4 and input.dtype.kind in "fV" and not on_cpu(input):
            input = input.astype(np.int64)  # -1.5 is 255: a GPU would make it 0
        return input.astype(kind)

    def backward(ctx, grad: Any) -> Any:
        return To(grad, ctx.kind), None

    def name(ctx) -> str:
        return "ToCopyBackward0"


class SumTo(Operation):
    """The sum over broadcast axes, back to `shape`; broadcasting's adjoint, and the other way round."""

    keeps_layout = True

    def forward(ctx, input: Any, shape: tuple[int, ...]) -> Any:
        ctx.shape = input.shape
        lead = input.ndim - len(shape)
        axes = tuple(range(lead)) + tuple(
            lead + i for i, n in enumerate(shape) if n == 1 and input.shape[lead + i] != 1
        )
        return input.sum(axis=axes).reshape(shape) if axes else input

    def backward(ctx, grad: Any) -> Any:
        return Expand(grad, ctx.shape), None


class Expand(Operation):
    """The array repeated along axes of length 1, without a copy."""

    view = True

    def forward(ctx, input: Any, shape: tuple[int, ...]) -> Any:
        ctx.shape = input.shape
        return array_module(input).broadcast_to(input, shape)

    def backward(ctx, grad: Any) -> Any:
        return SumTo(grad, ctx.shape), None


def raw(value: Any) -> Any:
    """A tensor's array; arrays and numbers as they are."""
    return value._array if isinstance(value, Tensor) else value


def sum_to(grad: Any, shape: tuple[int, ...]) -> Any:
    """`grad` summed down to `shape`; itself if it has that shape."""
    return grad if tuple(grad.shape) == tuple(shape) else SumTo(grad, tuple(shape))


def matched(a: Any, b: Any) -> tuple[Any, Any]:
    """Two raw operands in one memory order: a plain array beside a batch-last one of its shape is
    converted first, since NumPy would walk one of them against its grain (six times slower)."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a, b
    if a.ndim < 2 or a.shape != b.shape or a.strides == b.strides:
        return a, b
    if layout.order_of(a) == layout.BATCH_LAST:
        return a, dispatch.in_order(b, layout.BATCH_LAST)
    if layout.order_of(b) == layout.BATCH_LAST:
        return dispatch.in_order(a, layout.BATCH_LAST), b
    return a, b


def operands(a: Any, b: Any, *, name: str, floating: bool = False) -> tuple[Any, Any]:
    """Two operands of a binary operation, converted to their common type.

    Tensors come back as Tensors, Python numbers as they are. With `floating`, integers become the
    default floating type (true division). RuntimeError when the shapes do not broadcast.
    """
    if isinstance(a, Tensor) and a._array.dtype.kind == "f":  # the common cases, without the table of types
        if type(b) is float or type(b) is int:
            return a, b
        if isinstance(b, Tensor) and b._array.dtype == a._array.dtype:
            if a._array.shape != b._array.shape:
                broadcast_shape(a, b, name)
            return a, b
    a, b = (Tensor(np.asarray(x)) if isinstance(x, np.number | np.bool_) else x for x in (a, b))
    for x in (a, b):
        if not isinstance(x, Tensor | int | float):
            raise TypeError(f"{name}(): expected Tensors or numbers, got {type(x).__name__}")
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise TypeError(f"{name}(): expected at least one Tensor, got the numbers {a!r} and {b!r}")
    kind = dtypes.result_type(*((x._array if isinstance(x, Tensor) else x) for x in (a, b)))
    if floating and kind.kind not in "fV":
        kind = dtypes.get_default_dtype().numpy
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        broadcast_shape(a, b, name)
    if kind.kind == "V":  # a bare number would make float32 of it; so it is rounded first
        place = (a if isinstance(a, Tensor) else b).device
        a, b = (x if isinstance(x, Tensor) else Tensor(made("full", place, (), x, kind)) for x in (a, b))
    return tuple(To(x, kind) if isinstance(x, Tensor) and x._array.dtype != kind else x for x in (a, b))


def broadcast_shape(a: Tensor, b: Tensor, name: str) -> tuple[int, ...]:
    """The common shape of two operands, or PyTorch's error."""
    try:
        return np.broadcast_shapes(a._array.shape, b._array.shape)
    except ValueError:
        pairs = zip(reversed(a._array.shape), reversed(b._array.shape), strict=False)
        offset, (m, n) = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1] and 1 not in p)
        raise RuntimeError(
            f"{name}: The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton "
            f"dimension {max(a.ndim, b.ndim) - 1 - offset}; shapes {list(a.shape)} and {list(b.shape)}"
        ) from None


def check_tensor(value: Any, name: str, argument: str = "input") -> Tensor:
    """`value` if it is a Tensor, TypeError otherwise."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}(): argument `{argument}` must be Tensor, not {type(value).__name__}")
    return value


def floating(input: Tensor) -> Tensor:
    """Integers and bools as the default floating type, for functions that have no integer form."""
    check_tensor(input, "this function")
    return input if input.is_floating_point() else To(input, dtypes.get_default_dtype().numpy)


def normal_axis(dim: int, ndim: int) -> int:
    """`dim` counted from the front; IndexError outside [-ndim, ndim-1]."""
    bound = max(ndim, 1)
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"`dim` must be a whole number, got {dim!r}")
    if not -bound <= dim < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    return int(dim) % bound


def normal_axes(dim: Dim, ndim: int) -> tuple[int, ...]:
    """`dim` as a tuple of axes counted from the front; None or () means all of them."""
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return tuple(range(ndim))
    axes = tuple(normal_axis(d, ndim) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    if len(set(axes)) != len(axes):
        given = tuple(dim)  # type: ignore[arg-type]
        raise RuntimeError(f"`dim` {given} appears multiple times in the list of dims; expected different axes")
    return axes if ndim else ()


def memory_order(array: Any) -> str:
    """PLAIN or BATCH_LAST: the order in which a kernel that takes both gets `array`.

    Batch-last is the CPU's: on the GPU neighbouring threads take neighbouring numbers of a plain array.
    """
    order = layout.order_of(array) if isinstance(array, np.ndarray) else layout.PLAIN
    return layout.PLAIN if order == layout.ANY else order
