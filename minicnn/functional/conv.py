"""Convolution and transposed convolution.

Three operations, each the gradient of the others, so that derivatives of every order come from the
same three kernels (kernels/conv2d):

    Convolution(x, w)          y = w ∗ x
    ConvolutionInput(g, w)     the gradient of x; also the transposed convolution's forward pass
    ConvolutionWeight(x, g)    the gradient of w (and of the bias)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.window import Pair, images, output_size, pair
from minicnn.kernels import dispatch
from minicnn.kernels.conv2d import Sizes
from minicnn.kernels.im2col import Sizes as ColumnSizes


class Geometry(NamedTuple):
    """What a convolution is, beside its arrays: `x_size` (H, W) and `y_size` (OH, OW) of its two sides."""

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    x_size: Pair
    y_size: Pair

    def sizes(self, direction: str, batch: int, w_shape: tuple[int, ...], dtype: Any, bias: bool) -> Sizes:
        """The kernel's sizes."""
        K, C, KH, KW = w_shape
        return Sizes(
            direction, batch, C * self.groups, *self.x_size, K, KH, KW, *self.y_size, self.stride, self.padding,
            self.dilation, self.groups, dtype, ("bias",) if bias else (),
        )  # fmt: skip


class Convolution(Operation):
    """y[n,k] = bias[k] + Σ_c w[k,c] ∗ x[n,c]"""

    keeps_layout = starts_layout = True

    def forward(ctx, x: Any, w: Any, bias: Any, geometry: Geometry) -> Any:
        ctx.geometry = geometry
        ctx.save(x if ctx.needs(1) or ctx.needs(2) else None, w if ctx.needs(0) else None)
        ctx.w_shape = w.shape
        sizes = geometry.sizes("forward", x.shape[0], w.shape, x.dtype, bias is not None)
        ordered = dispatch.ordered("conv2d", sizes, x, w, *(() if bias is None else (bias,)))
        ctx.ordered = ordered[0] if ctx.needs(1) or ctx.needs(2) else None
        (y,) = dispatch.run("conv2d", sizes, *ordered)
        return y

    def backward(ctx, grad: Any) -> Any:
        x, w = ctx.saved()
        if not mode.enabled:  # of this backward pass no graph is kept
            x = ctx.ordered  # the same numbers, already in the kernel's memory order
        grad_x = ConvolutionInput(grad, w, None, ctx.geometry) if ctx.needs(0) else None
        grad_w = grad_b = None
        if ctx.needs(2):
            grad_w, grad_b = ConvolutionWeight(x, grad, ctx.w_shape, ctx.geometry, True)
        elif ctx.needs(1):
            grad_w = ConvolutionWeight(x, grad, ctx.w_shape, ctx.geometry, False)
        return grad_x, grad_w, grad_b, None


class ConvolutionInput(Operation):
    """The adjoint of Convolution in x: every output gradient goes back to the pixels that made it"""

    keeps_layout = starts_layout = True

    def forward(ctx, g: Any, w: Any, bias: Any, geometry: Geometry) -> Any:
        ctx.geometry = geometry
        ctx.save(g if ctx.needs(1) else None, w if ctx.needs(0) else None)
        ctx.w_shape = w.shape
        sizes = geometry.sizes("input", g.shape[0], w.shape, g.dtype, bias is not None)
        (x,) = dispatch.run("conv2d", sizes, g, w, *(() if bias is None else (bias,)))
        return x

    def backward(ctx, grad: Any) -> Any:
        g, w = ctx.saved()
        return (
            Convolution(grad, w, None, ctx.geometry) if ctx.needs(0) else None,
            ConvolutionWeight(grad, g, ctx.w_shape, ctx.geometry, False) if ctx.needs(1) else None,
            grad.sum((0, 2, 3)) if ctx.needs(2) else None,
            None,
        )

    def name(ctx) -> str:
        return "ConvolutionBackward0"


class ConvolutionWeight(Operation):
    """The adjoint of Convolution in w, and with `bias` in the bias: (dw, db)"""

    keeps_layout = True

    def forward(ctx, x: Any, g: Any, w_shape: tuple[int, ...], geometry: Geometry, bias: bool) -> Any:
        ctx.geometry = geometry
        ctx.save(x if ctx.needs(1) else None, g if ctx.needs(0) else None)
        sizes = geometry.sizes("weight", x.shape[0], w_shape, x.dtype, bias)
        result = dispatch.run("conv2d", sizes, x, g)
        return result if bias else result[0]

    def backward(ctx, grad_w: Any, grad_b: Any = None) -> Any:
        x, g = ctx.saved()
        grad_x = grad_g = None
        if ctx.needs(0) and grad_w is not None:
            grad_x = ConvolutionInput(g, grad_w, None, ctx.geometry)
        if ctx.needs(1):
            if grad_w is not None:
                grad_g = Convolution(x, grad_w, grad_b, ctx.geometry)
            else:  # only the bias gradient was used: db = Σ g
                grad_g = grad_b.reshape(1, -1, 1, 1) + g * 0
        return grad_x, grad_g, None, None, None


@operation()
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of images with filters.

    input (N, C, H, W) or (C, H, W), weight (K, C/groups, KH, KW), bias (K,): (N, K, OH, OW) with
    OH = floor((H + 2·padding - dilation·(KH - 1) - 1) / stride) + 1. `padding` may be "valid" (none) or
    "same" (OH = H, for stride 1). RuntimeError for shapes that do not fit.

    >>> import minicnn
    >>> step = minicnn.tensor([[1.0, 1, 1, 0, 0, 0]] * 6).reshape(1, 1, 6, 6)
    >>> edge = minicnn.tensor([[1.0, 0, -1]] * 3).reshape(1, 1, 3, 3) / 3
    >>> conv2d(step, edge)[0, 0, 0]
    tensor([0., 1., 1., 0.])
    """
    x, single = images(input, "conv2d")
    check_filters(x, weight, bias, groups, "conv2d", x_axis=1)
    strides = pair(stride, "conv2d", "stride", 1)
    dilations = pair(dilation, "conv2d", "dilation", 1)
    kernel = (weight.shape[2], weight.shape[3])
    before, total = conv_padding(padding, strides, dilations, kernel)
    y_size = []
    for axis in range(2):
        padded = x.shape[2 + axis] + total[axis]
        if padded < dilations[axis] * (kernel[axis] - 1) + 1:
            sizes = [x.shape[2 + i] + total[i] for i in range(2)]
            spans = [dilations[i] * (kernel[i] - 1) + 1 for i in range(2)]
            raise RuntimeError(
                f"Calculated padded input size per channel: ({sizes[0]} x {sizes[1]}). Kernel size: ({spans[0]} x "
                f"{spans[1]}). Kernel size can't be greater than actual input size"
            )
        y_size.append(output_size(padded, kernel[axis], strides[axis], 0, dilations[axis]))
    geometry = Geometry(strides, before, dilations, groups, (x.shape[2], x.shape[3]), (y_size[0], y_size[1]))
    y: Tensor = Convolution(x, weight, bias, geometry)
    return y.squeeze(0) if single else y


def conv_padding(padding: Any, stride: Pair, dilation: Pair, kernel: Pair) -> tuple[Pair, Pair]:
    """What is added before the first row and column, and in all."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        if stride != (1, 1):
            raise RuntimeError(f"padding='same' is not supported for strided convolutions, `stride` is {stride}")
        total = (dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1))
        return (total[0] // 2, total[1] // 2), total
    if isinstance(padding, str):
        raise RuntimeError(f"conv2d(): `padding` is {padding!r}; expected 'valid', 'same', an int or two ints")
    before = pair(padding, "conv2d", "padding")
    return before, (2 * before[0], 2 * before[1])


def check_filters(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, name: str, x_axis: int) -> None:
    """The checks that conv2d and conv_transpose2d share; x's channels are weight's axis `x_axis`."""
    check_tensor(weight, name, "weight")
    if weight.ndim != 4:
        raise RuntimeError(f"{name}(): `weight` must have 4 axes, got shape {list(weight.shape)}")
    if bias is not None:
        check_tensor(bias, name, "bias")
    if isinstance(groups, bool) or not hasattr(groups, "__index__"):
        raise TypeError(f"{name}(): `groups` must be an int, got {groups!r}")
    if groups < 1:
        raise RuntimeError(f"{name}(): `groups` must be at least 1, got {groups}")
    channels = weight.shape[1] * groups if x_axis == 1 else weight.shape[0]
    out = weight.shape[0] if x_axis == 1 else weight.shape[1] * groups
    if x.shape[1] != channels:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have "
            f"{channels} channels, but got {x.shape[1]} channels instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(f"{name}(): `weight` of size {list(weight.shape)} can't be divided into groups={groups}")
    if 0 in (weight.shape[0], out):
        raise RuntimeError(f"{name}(): expected at least one filter in `weight`, got size {list(weight.shape)}")
    if 0 in x.shape[2:]:
        raise RuntimeError(f"{name}(): `input` has no pixels: {list(x.shape)}; only its batch may be empty")
    if 0 in weight.shape[2:]:
        raise RuntimeError(f"{name}(): kernel size should be greater than zero, but got {list(weight.shape[2:])}")
    if x.dtype is not weight.dtype or (bias is not None and bias.dtype is not weight.dtype):
        other = weight.dtype if bias is None or bias.dtype is weight.dtype else bias.dtype
        raise RuntimeError(f"Input type ({x.dtype}) and weight or bias type ({other}) should be the same")
    kind = x._array.dtype  # PyTorch convolves whole numbers too, the transposed way only int64
    if kind.kind == "b" or (x_axis == 0 and kind.kind != "f" and kind != np.int64):
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}; convert with .float()')
    if bias is not None and bias.shape != (out,):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {out} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )


@operation()
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution: the product with the transposed matrix of the convolution that has this weight.

    input (N, C, H, W) or (C, H, W), weight (C, K/groups, KH, KW), bias (K,): (N, K, OH, OW) with
    OH = (H - 1)·stride - 2·padding + dilation·(KH - 1) + output_padding + 1. It is the adjoint of
    conv2d, not its inverse. RuntimeError for shapes that do not fit.
    """
    x, single = images(input, "conv_transpose2d")
    check_filters(x, weight, bias, groups, "conv_transpose2d", x_axis=0)
    strides = pair(stride, "conv_transpose2d", "stride", 1)
    paddings = pair(padding, "conv_transpose2d", "padding")
    extra = pair(output_padding, "conv_transpose2d", "output_padding")
    dilations = pair(dilation, "conv_transpose2d", "dilation", 1)
    size = []
    for axis in range(2):
        if extra[axis] >= max(strides[axis], dilations[axis]):
            raise RuntimeError(
                "output padding must be smaller than either stride or dilation, but got `output_padding` "
                f"{extra}, `stride` {strides}, `dilation` {dilations}"
            )
        span = dilations[axis] * (weight.shape[2 + axis] - 1) + extra[axis] + 1
        size.append((x.shape[2 + axis] - 1) * strides[axis] - 2 * paddings[axis] + span)
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({x.shape[2]} x {x.shape[3]}). Calculated output size per channel: "
            f"({size[0]} x {size[1]}). Output size is too small"
        )
    geometry = Geometry(strides, paddings, dilations, groups, (size[0], size[1]), (x.shape[2], x.shape[3]))
    y: Tensor = ConvolutionInput(x, weight, bias, geometry)
    return y.squeeze(0) if single else y


# --- the columns themselves ---------------------------------------------------------------------------


class Im2col(Operation):
    """The windows of an image as columns"""

    def forward(ctx, x: Any, sizes: ColumnSizes) -> Any:
        ctx.sizes = sizes
        (columns,) = dispatch.run("im2col", sizes, x)
        return columns

    def backward(ctx, grad: Any) -> Any:
        return Col2im(grad, ctx.sizes), None

    def name(ctx) -> str:
        return "Im2ColBackward0"


class Col2im(Operation):
    """Each number of the columns added to the pixel it came from"""

    def forward(ctx, columns: Any, sizes: ColumnSizes) -> Any:
        ctx.sizes = sizes
        (x,) = dispatch.run("col2im", sizes, columns)
        return x

    def backward(ctx, grad: Any) -> Any:
        return Im2col(grad, ctx.sizes), None

    def name(ctx) -> str:
        return "Col2ImBackward0"


def _column_sizes(
    batch: int, C: int, size: Pair, dtype: Any, kernel: Any, dilation: Any, padding: Any, stride: Any, name: str
) -> ColumnSizes:
    kernel, dilation, stride = (
        pair(value, name, argument, 1, one_in_list=False)
        for value, argument in ((kernel, "kernel_size"), (dilation, "dilation"), (stride, "stride"))
    )
    padding = pair(padding, name, "padding", one_in_list=False)
    if dtype.kind not in "fb":
        raise NotImplementedError(f'"{name}" not implemented for {dtype}; convert with .float()')
    if C == 0:
        raise RuntimeError(f"{name}(): `input` has no channels; only its batch may be empty")
    out = [output_size(size[i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2)]
    if min(out) < 1:
        raise RuntimeError(
            f"{name}(): an image of {size[0]} x {size[1]} with `padding` {padding} has no window of `kernel_size` "
            f"{kernel}, `dilation` {dilation}: calculated shape of the array of sliding blocks is {out}"
        )
    (KH, KW), (OH, OW) = kernel, out
    return ColumnSizes(batch, C, *size, KH, KW, OH, OW, stride, padding, dilation, dtype)


@operation()
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """im2col: input (N, C, H, W) to columns (N, C·KH·KW, OH·OW), one for each position of the window."""
    x, single = images(input, "unfold")
    size = (x.shape[2], x.shape[3])
    sizes = _column_sizes(
        x.shape[0], x.shape[1], size, x._array.dtype, kernel_size, dilation, padding, stride, "unfold"
    )
    columns: Tensor = Im2col(x, sizes)
    return columns.squeeze(0) if single else columns


@operation()
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """col2im, the adjoint of `unfold`: columns (N, C·KH·KW, OH·OW) added up to images (N, C, *output_size)."""
    check_tensor(input, "fold")
    single = input.ndim == 2
    columns = input.unsqueeze(0) if single else input
    size, kernel = (
        pair(value, "fold", argument, 1, one_in_list=False)
        for value, argument in ((output_size, "output_size"), (kernel_size, "kernel_size"))
    )
    if columns.ndim != 3 or columns.shape[1] % (kernel[0] * kernel[1]):
        raise RuntimeError(
            f"fold(): `input` must be (N, C·{kernel[0]}·{kernel[1]}, L) for `kernel_size` {kernel}, "
            f"got {list(input.shape)}"
        )
    channels = columns.shape[1] // (kernel[0] * kernel[1])
    sizes = _column_sizes(
        columns.shape[0], channels, size, columns._array.dtype, kernel, dilation, padding, stride, "fold"
    )
    if columns.shape[2] != sizes.OH * sizes.OW:
        raise RuntimeError(
            f"fold(): `output_size` {size} has {sizes.OH} x {sizes.OW} windows, so axis 2 of `input` must be "
            f"{sizes.OH * sizes.OW} long, got {columns.shape[2]}"
        )
    x: Tensor = Col2im(columns, sizes)
    return x.squeeze(0) if single else x
