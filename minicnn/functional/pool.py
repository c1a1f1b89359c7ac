"""Max and average pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.window import Pair, images, output_size, pair
from minicnn.kernels import dispatch, layout
from minicnn.kernels.pool2d import Sizes


def _order(array: Any) -> str:
    order = layout.order_of(array)
    return layout.PLAIN if order == layout.ANY else order


def _run(sizes: Sizes, array: Any, *more: Any, direction: str) -> tuple[Any, ...]:
    """The kernel, in the memory order of `array`."""
    sizes = sizes._replace(direction=direction, N=array.shape[0], dtype=array.dtype, order=_order(array))
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
        return MaxPoolInput(grad, _plain(argmax), ctx.sizes), None

    def name(ctx) -> str:
        return "MaxPool2DWithIndicesBackward0"


def _plain(value: Any) -> Any:
    """Indices have no gradient: raw, also where the backward pass is recorded."""
    return value._array if isinstance(value, Tensor) else value


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


def _windows(
    x: Tensor, kind: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, name: str
) -> Sizes:
    """The sizes of a pooling, checked."""
    if not isinstance(ceil_mode, bool | np.bool_):
        raise TypeError(f"{name}(): `ceil_mode` must be bool, got {ceil_mode!r}")
    if x._array.dtype == bool:
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    kernel = pair(kernel_size, name, "kernel_size", 1)
    none = stride is None or (isinstance(stride, tuple | list) and not stride)
    strides = kernel if none else pair(stride, name, "stride", 1)
    paddings, dilations = pair(padding, name, "padding"), pair(dilation, name, "dilation", 1)
    for p, k in zip(paddings, kernel, strict=True):
        if 2 * p > k:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got `padding` {padding} "
                f"and `kernel_size` {kernel_size}"
            )
    size = (x.shape[2], x.shape[3])
    out = [output_size(size[i], kernel[i], strides[i], paddings[i], dilations[i], ceil_mode) for i in range(2)]
    if min(out) < 1:
        raise RuntimeError(
            f"Given input size: ({x.shape[1]}x{size[0]}x{size[1]}). Calculated output size: "
            f"({x.shape[1]}x{out[0]}x{out[1]}). Output size is too small"
        )
    if x.shape[1] == 0:
        raise RuntimeError(f"{name}(): Expected `input` with channels, got shape {list(x.shape)}")
    return Sizes(
        kind, "forward", x.shape[0], x.shape[1], *size, *kernel, out[0], out[1],
        strides, paddings, dilations, x._array.dtype, "plain",
    )  # fmt: skip


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
    x, single = images(input, "max_pool2d")
    sizes = _windows(x, "max", kernel_size, stride, padding, dilation, ceil_mode, "max_pool2d")
    y, indices = MaxPool(x, sizes)
    if single:
        y, indices = y.squeeze(0), indices.squeeze(0)
    return (y, indices.long()) if return_indices else y


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
    x, single = images(input, "avg_pool2d")
    if divisor_override is not None and (isinstance(divisor_override, bool) or not isinstance(divisor_override, int)):
        raise TypeError(f"avg_pool2d(): `divisor_override` must be int, got {divisor_override!r}")
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero: `divisor_override` is 0")
    sizes = _windows(x, "avg", kernel_size, stride, padding, 1, ceil_mode, "avg_pool2d")
    if not x.is_floating_point() and sizes.dtype != np.int64:
        raise NotImplementedError(f'"avg_pool2d" not implemented for {x.dtype}; convert with .float()')
    sizes = sizes._replace(divisor=divisor_override, padded=bool(count_include_pad))
    if sizes.dtype == np.int64:  # whole numbers: the sums, divided and cut off towards zero
        xp = array_module(x._array)
        divisors = xp.asarray(sizes.divisors()).reshape(sizes.OH, sizes.OW)
        sums = AvgPool(x._plain_array(), sizes._replace(divisor=1))
        y = Tensor(xp.trunc(sums / divisors).astype(sizes.dtype))
    else:
        y = AvgPool(x, sizes)
    return y.squeeze(0) if single else y


@operation()
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that divide the image into `output_size` (OH, OW) parts; None keeps a length.

    input (N, C, H, W) or (C, H, W): (N, C, OH, OW). Window i covers rows floor(i·H/OH) … ceil((i+1)·H/OH).
    `output_size` 1 is global average pooling.
    """
    x, single = images(input, "adaptive_avg_pool2d")
    size: Pair = (x.shape[2], x.shape[3])
    wanted = output_size
    if isinstance(output_size, tuple | list) and len(output_size) == 2:
        wanted = tuple(s if w is None else w for w, s in zip(output_size, size, strict=True))
    out = pair(wanted, "adaptive_avg_pool2d", "output_size", one_in_list=False)
    if 0 in size:
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected `input` with non-zero sizes, got shape {list(x.shape)}")
    if not x.is_floating_point():
        raise NotImplementedError(f'"adaptive_avg_pool2d" not implemented for {x.dtype}; convert with .float()')
    if x.shape[1] and 0 not in out and size[0] % out[0] == 0 and size[1] % out[1] == 0:
        y = avg_pool2d(x, (size[0] // out[0], size[1] // out[1]))
    else:  # windows of unequal size: a product with a matrix of means on either side
        rows, columns = (Tensor(_means(size[i], out[i], x._array)) for i in range(2))
        y = rows @ x @ columns.T
    return y.squeeze(0) if single else y


def _means(length: int, parts: int, like: Any) -> Any:
    """(parts, length): row i has 1/count in the columns of window i."""
    matrix = np.zeros((parts, length))
    for i in range(parts):
        first, last = i * length // parts, -(-(i + 1) * length // parts)
        matrix[i, first:last] = 1 / (last - first)
    return array_module(like).asarray(matrix.astype(like.dtype))
