"""Max, average and power-average pooling, of images and of lines (N, C, L), which are images of one row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor, memory_order, raw
from minicnn.functional.window import Shaped, batched, both, lengths, output_size
from minicnn.kernels import dispatch
from minicnn.kernels.pool2d import Sizes


def _run(sizes: Sizes, array: Any, *more: Any, direction: str) -> tuple[Any, ...]:
    """The kernel, in the memory order of `array`."""
    sizes = sizes._replace(direction=direction, N=array.shape[0], dtype=array.dtype, order=memory_order(array))
    return dispatch.run("pool2d", sizes, array, *more)


class MaxPool(Operation):
    """The largest number of each window, and where it stood (int32, h·W + w)"""

    keeps_layout = True

    def forward(ctx, x: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        y, argmax = _run(sizes, x, direction="forward")
        ctx.save(argmax)
        return y, argmax

    def backward(ctx, grad: Any, _: Any) -> Any:
        (argmax,) = ctx.saved()
        return MaxPoolInput(grad, raw(argmax), ctx.sizes), None  # raw also where this pass is recorded: no gradient

    def name(ctx) -> str:
        return "MaxPool2DWithIndicesBackward0"


class MaxPoolInput(Operation):
    """Each gradient goes to where the maximum of its window stood"""

    keeps_layout = True

    def forward(ctx, grad: Any, argmax: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        ctx.save(argmax)
        (dx,) = _run(sizes, grad, argmax, direction="input")
        return dx

    def backward(ctx, grad2: Any) -> Any:
        (argmax,) = ctx.saved()
        return TakeAt(grad2, argmax, ctx.sizes), None, None


class TakeAt(Operation):
    """The numbers of each plane at the places `argmax` (0 where that is -1); the adjoint of MaxPoolInput"""

    def forward(ctx, x: Any, argmax: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        ctx.save(argmax)
        xp = array_module(x)
        flat = argmax.reshape(*argmax.shape[:2], sizes.OH * sizes.OW)
        planes = x.reshape(*x.shape[:2], sizes.H * sizes.W)
        taken = xp.take_along_axis(planes, xp.maximum(flat, 0).astype(np.int64), axis=2)
        return xp.where(flat < 0, x.dtype.type(0), taken).reshape(argmax.shape)

    def backward(ctx, grad: Any) -> Any:
        (argmax,) = ctx.saved()
        return MaxPoolInput(grad, argmax, ctx.sizes), None, None


class AvgPool(Operation):
    """The sum of each window, divided"""

    keeps_layout = True

    def forward(ctx, x: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        (y,) = _run(sizes, x, direction="forward")
        return y

    def backward(ctx, grad: Any) -> Any:
        return AvgPoolInput(grad, ctx.sizes), None

    def name(ctx) -> str:
        return "AvgPool2DBackward0"


class AvgPoolInput(Operation):
    """Each gradient, divided, goes to every pixel of its window"""

    keeps_layout = True

    def forward(ctx, grad: Any, sizes: Sizes) -> Any:
        ctx.sizes = sizes
        (dx,) = _run(sizes, grad, direction="input")
        return dx

    def backward(ctx, grad2: Any) -> Any:
        return AvgPool(grad2, ctx.sizes), None


def windows(
    x: Tensor, kind: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, name: str
) -> Sizes:
    """The sizes of a pooling of images or lines, checked."""
    if not isinstance(ceil_mode, bool | np.bool_):
        raise TypeError(f"{name}(): `ceil_mode` must be bool, got {ceil_mode!r}")
    if x._array.dtype == bool:
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    size = x.shape[2:]
    axes = len(size)
    kernel = lengths(kernel_size, axes, name, "kernel_size", 1)
    none = stride is None or (isinstance(stride, tuple | list) and not stride)
    strides = kernel if none else lengths(stride, axes, name, "stride", 1)
    paddings = lengths(padding, axes, name, "padding")
    dilations = lengths(dilation, axes, name, "dilation", 1)
    if any(2 * p > k for p, k in zip(paddings, kernel, strict=True)):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got `padding` {padding} "
            f"and `kernel_size` {kernel_size}"
        )
    out = [output_size(size[i], kernel[i], strides[i], paddings[i], dilations[i], ceil_mode) for i in range(axes)]
    if min(out) < 1:
        before, after = ("x".join(map(str, (x.shape[1], *sizes))) for sizes in (size, out))
        raise RuntimeError(f"Given input size: ({before}). Calculated output size: ({after}). Output size is too small")
    if x.shape[1] == 0:
        raise RuntimeError(f"{name}(): Expected `input` with channels, got shape {list(x.shape)}")
    return Sizes(
        kind, "forward", x.shape[0], x.shape[1], *both(size), *both(kernel), *both(out),
        both(strides), both(paddings, 0), both(dilations), x._array.dtype, "plain",
    )  # fmt: skip


def as_images(x: Tensor) -> Tensor:
    """Lines as images of one row, images as they are."""
    return x.unsqueeze(2) if x.ndim == 3 else x


def as_given(y: Tensor, axes: int, single: bool) -> Tensor:
    """Images back as the lines or the one sample that they were."""
    if axes == 2 and not single:
        return y
    N, C, H, W = y.shape
    shape = (N, C, W) if axes == 1 else (N, C, H, W)
    given: Tensor = Shaped(y, shape[1:] if single else shape)
    return given


@operation()
def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window; padding counts as -inf.

    input (N, C, L) or (C, L): (N, C, OL), with `return_indices` also int64 places in the line. `stride` None
    means `kernel_size`. The first of equal numbers gets the gradient.
    """
    if isinstance(input, Tensor) and not input.is_floating_point() and not return_indices:
        raise NotImplementedError(f'"max_pool1d" not implemented for {input.dtype}; convert with .float()')
    arguments = (kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(input, arguments, return_indices, 1, "max_pool1d")


@operation()
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:
    """As `max_pool1d` with `return_indices=True`."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@operation()
def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window; padding counts as -inf.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW), with `return_indices` also int64 places h·W + w in
    the plane. `stride` None means `kernel_size`. The first of equal numbers gets the gradient.
    """
    arguments = (kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(input, arguments, return_indices, 2, "max_pool2d")


@operation()
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:
    """As `max_pool2d` with `return_indices=True`."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def _max_pool(
    input: Tensor, arguments: tuple[Any, Any, Any, Any, bool], return_indices: bool, axes: int, name: str
) -> Any:
    x, single = batched(input, axes, name)
    y, indices = MaxPool(as_images(x), windows(x, "max", *arguments, name))
    y = as_given(y, axes, single)
    return (y, as_given(indices, axes, single).long()) if return_indices else y


@operation()
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window.

    input (N, C, L) or (C, L): (N, C, OL). The sum is divided by the size of the window, without its zero
    padding if `count_include_pad` is False.
    """
    pads = bool(count_include_pad)
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, pads, None, 1, "avg_pool1d")


@operation()
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW). The sum is divided by `divisor_override`, else by the
    size of the window, without its zero padding if `count_include_pad` is False.
    """
    if divisor_override is not None and (isinstance(divisor_override, bool) or not isinstance(divisor_override, int)):
        raise TypeError(f"avg_pool2d(): `divisor_override` must be int, got {divisor_override!r}")
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero: `divisor_override` is 0")
    pads = bool(count_include_pad)
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, pads, divisor_override, 2, "avg_pool2d")


def _avg_pool(
    input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, pads: bool, divisor: int | None,
    axes: int, name: str,
) -> Tensor:  # fmt: skip
    x, single = batched(input, axes, name)
    sizes = windows(x, "avg", kernel_size, stride, padding, 1, ceil_mode, name)
    if not x.is_floating_point() and sizes.dtype != np.int64:
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    sizes = sizes._replace(divisor=divisor, padded=pads)
    if sizes.dtype == np.int64:  # whole numbers: the sums, divided and cut off towards zero
        xp = array_module(x._array)
        divisors = xp.asarray(sizes.divisors()).reshape(sizes.OH, sizes.OW)
        sums = AvgPool(as_images(x)._plain_array(), sizes._replace(divisor=1))
        y = Tensor(xp.trunc(sums / divisors).astype(sizes.dtype))
    else:
        y = AvgPool(as_images(x), sizes)
    return as_given(y, axes, single)


@operation()
def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm (Σ x^p)^(1/p) of each window, p being `norm_type`; infinity gives the largest magnitude.

    input (N, C, L) or (C, L): (N, C, OL). Where the sum is negative the result is NaN.
    """
    size = lengths(kernel_size, 1, "lp_pool1d", "kernel_size", 1)
    return _lp_pool(input, norm_type, max_pool1d, avg_pool1d, size, stride, ceil_mode)


@operation()
def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm (Σ x^p)^(1/p) of each window, p being `norm_type`; infinity gives the largest magnitude.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW). Where the sum is negative the result is NaN.
    """
    size = lengths(kernel_size, 2, "lp_pool2d", "kernel_size", 1)
    return _lp_pool(input, norm_type, max_pool2d, avg_pool2d, size, stride, ceil_mode)


def _lp_pool(
    input: Tensor, p: float, max_pool: Any, avg_pool: Any, size: tuple[int, ...], stride: Any, ceil_mode: bool
) -> Tensor:
    check_tensor(input, "lp_pool")
    if p == math.inf:
        return max_pool(input.abs(), size, stride, ceil_mode=ceil_mode)
    if p == -math.inf:
        return -max_pool(-input.abs(), size, stride, ceil_mode=ceil_mode)
    mean = avg_pool(input.pow(p), size, stride, ceil_mode=ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(math.prod(size)).pow(1.0 / p)
