"""Reductions: sums, means, variances, products, running sums.

`dim` is an int, a tuple, or None for all axes; with `keepdim` the reduced axes stay, of length 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import (
    Dim,
    Expand,
    To,
    check_tensor,
    normal_axes,
    normal_axis,
)
from minicnn.functional.elementwise import Div, Mul
from minicnn.functional.logic import apply_numpy
from minicnn.functional.rearrange import Flip
from minicnn.functional.selection import Where
from minicnn.functional.shape import View
from minicnn.kernels.recorder import recorder

# --- the way back: a reduced gradient spread over the axes it was reduced from ------------------------


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with length 1 along `axes`."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def spread(grad: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """`grad` of a reduction over `axes`, repeated along them up to `shape` (no copy)."""
    kept = kept_shape(shape, axes)
    return Expand(grad if tuple(grad.shape) == kept else View(grad, kept), shape)


def count_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """How many elements go into one result."""
    return math.prod(shape[i] for i in axes)


LONG = 2048  # from so many terms on, sums against the grain are kept in float64


def add_up(array: Any, axes: tuple[int, ...], keepdim: bool = False) -> Any:
    """The sum over `axes`, in the array's own type.

    NumPy adds pairwise along the innermost axis of memory only; across rows it adds one by one, and
    100,000 float32 terms would lose three digits. Such sums are kept in float64 and rounded once.
    """
    kind: Any = None
    if array.dtype == np.float16:
        kind = np.float32
    elif array.dtype == np.float32 and isinstance(array, np.ndarray) and count_of(array.shape, axes) >= LONG:
        inner = min(range(array.ndim), key=lambda i: abs(array.strides[i]) if array.shape[i] > 1 else math.inf)
        kind = None if inner in axes else np.float64
    return array.sum(axis=axes, dtype=kind, keepdims=keepdim).astype(array.dtype, copy=False)


# --- sum, mean --------------------------------------------------------------------------------------


class Sum(Operation):
    """Σ over some axes"""

    keeps_layout = True

    def forward(ctx, input: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
        ctx.shape, ctx.axes = input.shape, axes
        return add_up(input, axes, keepdim)

    def backward(ctx, grad: Any) -> Any:
        return spread(grad, ctx.shape, ctx.axes), None, None

    def name(ctx) -> str:
        return f"{type(ctx).__name__}Backward{int(len(ctx.axes) < len(ctx.shape))}"


class Mean(Sum):
    """Σ over some axes, divided by the number of terms"""

    def forward(ctx, input: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
        total = super().forward(input, axes, keepdim)
        ctx.count = count_of(input.shape, axes)
        return total / ctx.count if ctx.count else total * math.nan

    def backward(ctx, grad: Any) -> Any:
        return spread(grad / ctx.count if ctx.count else grad, ctx.shape, ctx.axes), None, None


def summed_type(input: Tensor, dtype: Any, name: str) -> Tensor:
    """`input` in the type in which it is added up: bools and integers as int64, if `dtype` does not say."""
    check_tensor(input, name)
    kind = input._array.dtype if dtype is None else dtypes.as_numpy(dtype)
    if dtype is None and kind.kind in "biu":
        kind = np.dtype(np.int64)
    return input if kind == input._array.dtype else To(input, kind)


@operation(method="sum")
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`; of whole numbers and bools as int64."""
    input = summed_type(input, dtype, "sum")
    return Sum(input, normal_axes(dim, input.ndim), keepdim)


@operation(method="mean")
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`; NaN of nothing. RuntimeError for whole numbers (use .float())."""
    kind = check_tensor(input, "mean")._array.dtype if dtype is None else dtypes.as_numpy(dtype)
    if kind.kind not in "fV":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {dtypes.from_numpy(kind)}; use .float()"
        )
    input = input if kind == input._array.dtype else To(input, kind)
    return Mean(input, normal_axes(dim, input.ndim), keepdim)


# --- var, std ---------------------------------------------------------------------------------------


class Var(Operation):
    """Σ (x - mean)² / (n - correction); the slope is 2 (x - mean) / (n - correction)"""

    keeps_layout = True

    def forward(ctx, input: Any, axes: tuple[int, ...], correction: float, keepdim: bool) -> Any:
        count = count_of(input.shape, axes)
        ctx.args = input.shape, axes, max(count - correction, 0)
        ctx.save(input)
        if count == 0:
            return add_up(input, axes, keepdim) * math.nan
        centred = input - add_up(input, axes, True) / count
        total = add_up(centred * centred, axes, keepdim)
        return total / ctx.args[2] if ctx.args[2] else total * math.nan

    def backward(ctx, grad: Any) -> Any:
        (input,) = ctx.saved()
        shape, axes, divisor = ctx.args
        centred = input - spread(Mean(input, axes, True), shape, axes)
        slope = centred * (2 / divisor if divisor else math.nan)
        return Mul(spread(grad, shape, axes), slope), None, None, None


class Sqrt0(Operation):
    """√a with slope 0 (not ∞) at 0: what a standard deviation of equal numbers needs."""

    keeps_layout = True

    def forward(ctx, input: Any) -> Any:
        output = array_module(input).sqrt(input)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        return safe_div(grad, output * 2)

    def name(ctx) -> str:
        return "StdBackward0"


def safe_div(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0."""
    raw = b._array if isinstance(b, Tensor) else b
    zero = raw == 0
    if recorder.tape is not None and isinstance(b, Tensor):  # a replay may meet the zeros that are not there now
        zero = apply_numpy("equal", b, 0)
    elif isinstance(raw, np.ndarray | np.generic) and not zero.any():  # on the GPU nobody looks
        return Div(a, b)
    return Where(zero, 0.0, Div(a, Where(zero, 1.0, b)))


def _correction(dim: Any, unbiased: bool | None, correction: float | None) -> tuple[Any, float]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"give `unbiased` or `correction`, not both: {unbiased}, {correction}")
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return dim, float(correction)


@operation(method="var")
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`, divided by n - correction (1; `unbiased=False` is correction 0)."""
    dim, correction = _correction(dim, unbiased, correction)
    only_floating(input, "var")
    return Var(input, normal_axes(dim, input.ndim), correction, keepdim)


@operation(method="std")
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation, the root of `var`."""
    return Sqrt0(var(input, dim, unbiased, keepdim, correction=correction))


@operation()
def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The pair (`var`, `mean`)."""
    axes = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, axes, keepdim)


@operation()
def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The pair (`std`, `mean`)."""
    axes = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, axes, keepdim)


def only_floating(input: Tensor, name: str) -> None:
    """RuntimeError unless the elements of `input` are floating-point numbers."""
    if not check_tensor(input, name).is_floating_point():
        raise RuntimeError(f"{name}: only support floating point dtypes, got {input.dtype}; use .float()")


# --- products, running sums ---------------------------------------------------------------------------


class Prod(Operation):
    """Π over some axes; the slope is the product of the others, also beside zeros"""

    def forward(ctx, input: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
        ctx.shape, ctx.axes = input.shape, axes
        ctx.save(input)
        return input.prod(axis=axes, keepdims=keepdim)

    def backward(ctx, grad: Any) -> Any:
        (input,) = ctx.saved()
        zero = (input._array if isinstance(input, Tensor) else input) == 0
        zeros = zero.sum(axis=ctx.axes, keepdims=True)
        filled = Where(zero, 1.0, input)  # Π of the others = Π filled / x without zeros, Π filled at a single one
        others = Div(spread(Prod(filled, ctx.axes, True), ctx.shape, ctx.axes), filled)
        return Mul(spread(grad, ctx.shape, ctx.axes), Mul(others, zeros == zero)), None, None

    def name(ctx) -> str:
        return f"ProdBackward{int(len(ctx.axes) < len(ctx.shape))}"


@operation(method="prod")
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over one axis or all; of whole numbers and bools as int64."""
    if isinstance(dim, tuple | list):
        raise TypeError(f"prod(): argument `dim` must be int, not {type(dim).__name__}: got {dim!r}")
    input = summed_type(input, dtype, "prod")
    return Prod(input, normal_axes(dim, input.ndim), keepdim)


class Cumsum(Operation):
    """Running sums along an axis"""

    def forward(ctx, input: Any, dim: int) -> Any:
        ctx.dim = dim
        return input.cumsum(axis=dim, dtype=input.dtype) if input.ndim else input.copy()

    def backward(ctx, grad: Any) -> Any:
        if not len(grad.shape):
            return grad, None
        return Flip(Cumsum(Flip(grad, (ctx.dim,)), ctx.dim), (ctx.dim,)), None


@operation(method="cumsum", inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along `dim`; of whole numbers as int64."""
    input = summed_type(input, dtype, "cumsum")
    return Cumsum(input, normal_axis(dim, input.ndim))
