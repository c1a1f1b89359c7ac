"""Normalisation of layers, of groups of channels, of single channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.batch_norm import normalised
from minicnn.functional.common import SumTo, check_tensor
from minicnn.functional.conversion import copy_
from minicnn.functional.elementwise import Sub
from minicnn.kernels import dispatch, layout
from minicnn.kernels.layer_norm import Sizes


def _flat(array: Any) -> Any:
    """The memory of an array in plain order."""
    return layout.memory(dispatch.in_order(array, layout.PLAIN))


class RowNorm(Operation):
    """(x - mean) / √(var + eps) · weight + bias, by rows"""

    def forward(ctx, x: Any, weight: Any, bias: Any, sizes: Sizes, label: str) -> Any:
        ctx.sizes, ctx.label = sizes, label
        more = [_flat(array) for array in (weight, bias) if array is not None]
        y, ctx.mean, ctx.r = dispatch.run("layer_norm", sizes, _flat(x), *more)
        ctx.save(x, weight)
        ctx.bias_shape = None if bias is None else bias.shape
        return y.reshape(x.shape)

    def backward(ctx, grad: Any) -> Any:
        x, weight = ctx.saved()
        gradients = RowNormGrad(grad, x, weight, ctx.mean, ctx.r, ctx.sizes)
        if not ctx.sizes.affine:
            return gradients, None, None, None, None
        dx, dweight, dbias = gradients
        dweight = dweight.reshape(weight.shape) if ctx.needs(1) else None
        return dx, dweight, dbias.reshape(ctx.bias_shape) if ctx.needs(2) else None, None, None

    def name(ctx) -> str:
        return f"{ctx.label}Backward0"


class RowNormGrad(Operation):
    """The gradients of x, weight and bias; its own gradient makes second derivatives possible"""

    def forward(ctx, grad: Any, x: Any, weight: Any, mean: Any, r: Any, sizes: Sizes) -> Any:
        ctx.save(grad, x, weight)
        ctx.sizes = sizes
        more = () if weight is None else (_flat(weight),)
        back = sizes._replace(direction="backward")
        dx, *sums = dispatch.run("layer_norm", back, _flat(grad), _flat(x), mean, r, *more)
        dx = dx.reshape(x.shape)
        return (dx, *sums) if sums else dx

    def backward(ctx, u: Any, v: Any = None, t: Any = None) -> Any:
        """From dx = r·(h - h̄ - x̂·b) with h = g·w, dw = Σ g·x̂, db = Σ g, where a bar is the mean over a row, b that of
        h·x̂: with ∂r = -r²·x̂/m and ∂b = r·(h - h̄ - x̂·b)/m, and c the mean of u·x̂."""
        g, x, weight = ctx.saved()
        z = ctx.sizes
        samples = z.rows // z.period
        shape, rows = (samples, z.period, z.channels, z.pixels), (samples, z.period, 1, 1)
        weights = (1, *shape[1:3], 1)

        def mean(value: Any) -> Any:
            return SumTo(value, rows) * (1 / z.row)

        def rest(value: Any) -> Any:
            return value - mean(value) - centred * mean(value * centred)

        like = g if u is None else u
        g, x = g.reshape(shape), x.reshape(shape)
        u = g * 0 if u is None else u.reshape(shape)
        v, t = (0 if k is None else k.reshape(weights) for k in (v, t))
        w = 1 if weight is None else weight.reshape(weights)
        centre = Sub(x, mean(x))
        r = (mean(centre * centre) + z.eps) ** -0.5
        centred, h = centre * r, g * w
        b, c = mean(h * centred), mean(u * centred)
        along_h = rest(u) * r
        share = mean(u * h) - mean(u) * mean(h) - b * c
        grad_g = along_h * w + centred * v + t
        grad_x = rest(g * v) * r - (centred * share + rest(h) * c + rest(u) * b) * (r * r)
        grad_w = None
        if weight is not None and ctx.needs(2):
            grad_w = SumTo(along_h * g, weights).reshape(weight.shape)
        return grad_g.reshape(like.shape), grad_x.reshape(like.shape), grad_w, None, None, None


def _standard(
    input: Tensor, rows: tuple[int, int, int, int], eps: float, weight: Tensor | None, bias: Tensor | None, label: str
) -> Tensor:
    """The input, whose parts in memory order have mean 0 and variance 1 each, times weight, plus bias. `rows`: how many
    parts, and of each the channels and pixels; and how many parts until the weights begin anew."""
    if not input.numel():
        return input * 1
    affine = tuple(name for name, tensor in (("weight", weight), ("bias", bias)) if tensor is not None)
    sizes = Sizes("forward", *rows, input._array.dtype, affine, float(eps))
    result: Tensor = RowNorm(input, weight, bias, sizes, label)
    return result


def _normal_shape(input: Tensor, normalized_shape: Sequence[int], given: dict[str, Tensor | None], name: str) -> int:
    """Checks; how many parts of that shape the input has."""
    check_tensor(input, name)
    if isinstance(normalized_shape, int) or not hasattr(normalized_shape, "__iter__"):
        kind = type(normalized_shape).__name__
        raise TypeError(f"{name}(): argument `normalized_shape` must be tuple of ints, not {kind}")
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for argument, tensor in given.items():
        if tensor is not None and tuple(check_tensor(tensor, name, argument).shape) != shape:
            raise RuntimeError(
                f"Expected {argument} to be of same shape as normalized_shape, but got {argument} of shape "
                f"{list(tensor.shape)} and normalized_shape = {list(shape)}"
            )
    if tuple(input.shape[-len(shape) :]) != shape:
        wanted = ", ".join(map(str, ("*", *shape)))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{wanted}], but got input of "
            f"size{list(input.shape)}"
        )
    _check_types(input, given, name)
    return input.numel() // max(int(np.prod(shape)), 1)


def _check_types(input: Tensor, given: dict[str, Tensor | None], name: str) -> None:
    if not input.is_floating_point():
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}; convert with .float()')
    for argument, tensor in given.items():
        if tensor is not None and tensor.dtype is not input.dtype:
            raise RuntimeError(f"{name}: mixed dtype: `{argument}` is {tensor.dtype}, `input` {input.dtype}")


@operation()
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, over the last axes, which have the shape `normalized_shape`.

    weight and bias have that shape, too. RuntimeError for shapes that do not fit.
    Source: Ba, Kiros & Hinton 2016, "Layer Normalization".
    """
    rows = _normal_shape(input, normalized_shape, {"weight": weight, "bias": bias}, "layer_norm")
    length = input.numel() // max(rows, 1)
    return _standard(input, (rows, length, 1, 1), eps, weight, bias, "NativeLayerNorm")


@operation()
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """input / √(mean(input²) + eps) · weight, over the last axes, of shape `normalized_shape`.

    `eps` is the smallest step of the type by default.
    Source: Zhang & Sennrich 2019, "Root Mean Square Layer Normalization".
    """
    _normal_shape(input, normalized_shape, {"weight": weight}, "rms_norm")
    axes = tuple(range(input.ndim - len(tuple(normalized_shape)), input.ndim))
    least = float(np.finfo(input._array.dtype).eps) if eps is None else eps
    result: Tensor = input * ((input * input).mean(axes, True) + least).rsqrt()
    return result if weight is None else result * weight


@operation()
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, over `num_groups` groups of channels of input (N, C, …).

    weight and bias are (C,). RuntimeError for shapes that do not fit.
    Source: Wu & He 2018, "Group Normalization".
    """
    name = "group_norm"
    if not hasattr(num_groups, "__index__"):
        kind = type(num_groups).__name__
        raise TypeError(f"group_norm(): argument `num_groups` must be int, not {kind}: got {num_groups!r}")
    if check_tensor(input, name).ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    N, C = input.shape[:2]
    if num_groups == 0:
        raise ZeroDivisionError("group_norm: `num_groups` is 0: integer division or modulo by zero")
    if num_groups < 0 or C % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    given = {"weight": weight, "bias": bias}
    for argument, tensor in given.items():
        if tensor is not None and tuple(check_tensor(tensor, name, argument).shape) != (C,):
            raise RuntimeError(
                f"Expected {argument} to be a vector of size equal to the number of channels in input, but got "
                f"{argument} of shape {list(tensor.shape)} and input of shape {list(input.shape)}"
            )
    if input.numel() == num_groups:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    _check_types(input, given, name)
    pixels = input.numel() // max(N * C, 1)
    rows = (N * num_groups, C // num_groups, pixels, num_groups)
    return _standard(input, rows, eps, weight, bias, "NativeGroupNorm")


@operation()
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` of each sample by itself, of input (N, C, …): mean and variance are over its pixels.

    With `use_input_stats` the running statistics, if given, go towards the mean of those of the samples; without, they
    are taken. ValueError for a single pixel.
    Source: Ulyanov, Vedaldi & Lempitsky 2016, "Instance Normalization: The Missing Ingredient for Fast Stylization".
    """
    if check_tensor(input, "instance_norm").ndim < 2:
        raise IndexError(f"instance_norm: Dimension out of range: expected (N, C, …), got {list(input.shape)}")
    N, C = input.shape[:2]
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, tensor in given.items():
        if tensor is not None and tuple(check_tensor(tensor, "instance_norm", name).shape) != (C,):
            raise RuntimeError(f"{name} should contain {C} elements, got shape {list(tensor.shape)}")
    mean, var, scale, shift = (None if tensor is None else tensor.repeat(N) for tensor in given.values())
    flat = input.reshape(1, N * C, *input.shape[2:])
    result = normalised(flat, mean, var, scale, shift, use_input_stats, momentum, eps, None)
    if use_input_stats and N:
        for kept, moved in ((running_mean, mean), (running_var, var)):
            if kept is not None and moved is not None:
                copy_(kept, moved.view(N, C).mean(0))
    viewed: Tensor = result.view(tuple(input.shape))
    return viewed
