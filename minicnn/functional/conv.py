"""Convolution and transposed convolution, of images and of lines.

Three operations, each the gradient of the others, so that derivatives of every order come from the
same three kernels (kernels/conv2d):

    Convolution(x, w)          y = w ∗ x
    ConvolutionInput(g, w)     the gradient of x; also the transposed convolution's forward pass
    ConvolutionWeight(x, g)    the gradient of w (and of the bias)

A line (N, C, L) is an image of one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.window import HOW_MANY, Pair, Shaped, batched, both, lengths, output_size
from minicnn.kernels import dispatch
from minicnn.kernels.conv2d import Sizes


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
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of lines with filters.

    input (N, C, L) or (C, L), weight (K, C/groups, KL), bias (K,): (N, K, OL) with
    OL = floor((L + 2·padding - dilation·(KL - 1) - 1) / stride) + 1. `padding` may be "valid" (none) or
    "same" (OL = L, for stride 1). RuntimeError for shapes that do not fit.

    >>> import minicnn
    >>> conv1d(minicnn.tensor([[1.0, 1, 1, 0, 0, 0]]), minicnn.tensor([[[1.0, -1]]]))
    tensor([[0., 0., 1., 0., 0.]])
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, 1, "conv1d")


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
    return _convolution(input, weight, bias, stride, padding, dilation, groups, 2, "conv2d")


def _convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int,
    axes: int, name: str,
) -> Tensor:  # fmt: skip
    """conv1d or conv2d, by the number of `axes`."""
    x, single = batched(input, axes, name)
    check_filters(x, weight, bias, groups, name, x_axis=1)
    strides = lengths(stride, axes, name, "stride", 1)
    dilations = lengths(dilation, axes, name, "dilation", 1)
    kernel = weight.shape[2:]
    before, total = conv_padding(padding, strides, dilations, kernel, name)
    padded = [n + t for n, t in zip(x.shape[2:], total, strict=True)]
    spans = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    if any(n < span for n, span in zip(padded, spans, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_times(padded)}). Kernel size: ({_times(spans)}). Kernel "
            "size can't be greater than actual input size"
        )
    y_size = [output_size(padded[i], kernel[i], strides[i], 0, dilations[i]) for i in range(axes)]
    geometry = Geometry(both(strides), both(before, 0), both(dilations), groups, both(x.shape[2:]), both(y_size))
    return _applied(Convolution, x, weight, bias, geometry, single)


def _applied(
    cls: type[Operation], x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, single: bool
) -> Tensor:
    """The operation on a batch of images or of lines; the one result if it was no batch."""
    lines = x.ndim == 3
    y: Tensor = cls(x.unsqueeze(2), weight.unsqueeze(2), bias, geometry) if lines else cls(x, weight, bias, geometry)
    if lines:
        y = Shaped(y, (*y.shape[:2], y.shape[3]), node="ConvolutionBackward0")
    return Shaped(y, tuple(y.shape[1:])) if single else y


def _times(lengths: Sequence[int]) -> str:
    return " x ".join(map(str, lengths))


def conv_padding(
    padding: Any, stride: Sequence[int], dilation: Sequence[int], kernel: Sequence[int], name: str
) -> tuple[Sequence[int], Sequence[int]]:
    """What is added along each axis before its first position, and in all."""
    axes = len(kernel)
    if padding == "valid":
        padding = 0
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError(f"padding='same' is not supported for strided convolutions, `stride` is {stride}")
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return [t // 2 for t in total], total
    if isinstance(padding, str):
        raise RuntimeError(f"{name}(): `padding` is {padding!r}; expected 'valid', 'same' or {HOW_MANY[axes]}")
    before = lengths(padding, axes, name, "padding")
    return before, [2 * p for p in before]


def check_filters(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, name: str, x_axis: int) -> None:
    """The checks that all convolutions share; x's channels are weight's axis `x_axis`."""
    check_tensor(weight, name, "weight")
    if weight.ndim != x.ndim:
        raise RuntimeError(f"{name}(): `weight` must have {x.ndim} axes, got shape {list(weight.shape)}")
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
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution of lines: the adjoint of the conv1d with this weight, not its inverse.

    input (N, C, L) or (C, L), weight (C, K/groups, KL), bias (K,): (N, K, OL) with
    OL = (L - 1)·stride - 2·padding + dilation·(KL - 1) + output_padding + 1. RuntimeError for shapes that do
    not fit.
    """
    return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation, 1, "conv_transpose1d")


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
    return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation, 2, "conv_transpose2d")


def _transposed(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any, axes: int, name: str,
) -> Tensor:  # fmt: skip
    """conv_transpose1d or conv_transpose2d, by the number of `axes`."""
    x, single = batched(input, axes, name)
    check_filters(x, weight, bias, groups, name, x_axis=0)
    strides = lengths(stride, axes, name, "stride", 1)
    paddings = lengths(padding, axes, name, "padding")
    extra = lengths(output_padding, axes, name, "output_padding")
    dilations = lengths(dilation, axes, name, "dilation", 1)
    if any(e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got `output_padding` "
            f"{extra}, `stride` {strides}, `dilation` {dilations}"
        )
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(x.shape[2:], strides, paddings, dilations, weight.shape[2:], extra, strict=True)
    ]
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_times(x.shape[2:])}). Calculated output size per channel: "
            f"({_times(size)}). Output size is too small"
        )
    geometry = Geometry(both(strides), both(paddings, 0), both(dilations), groups, both(size), both(x.shape[2:]))
    return _applied(ConvolutionInput, x, weight, bias, geometry, single)
