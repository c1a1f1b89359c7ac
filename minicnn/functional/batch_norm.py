"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from minicnn import kernels
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import SumTo, check_tensor, memory_order
from minicnn.functional.elementwise import Mul, Sub
from minicnn.kernels import dispatch, layout
from minicnn.kernels.batch_norm import Sizes

KERNEL = "batch_norm"


class BatchNorm(Operation):
    """(x - mean) / √(var + eps) · weight + bias, by channels; writes the running statistics"""

    keeps_layout = True

    def forward(ctx, x: Any, weight: Any, bias: Any, running: tuple[Any, ...], sizes: Sizes) -> Any:
        sizes = ctx.sizes = sizes._replace(order=memory_order(x))
        plan = kernels.plan(KERNEL, sizes, dispatch.device_of(x))
        y, ctx.mean, ctx.r = dispatch.allocated(plan.outputs[:3], x)
        more = [array for array in (weight, bias) if array is not None]
        ins, written = ((x, *more), running) if sizes.from_batch else ((x, *more, *running), ())
        ins = tuple(kernels.in_order(array, o) for array, o in zip(ins, plan.input_orders, strict=True))
        kernels.execute(KERNEL, plan, (y, ctx.mean, ctx.r, *written), ins)
        ctx.save(x, weight)
        return y

    def backward(ctx, grad: Any) -> Any:
        x, weight = ctx.saved()
        dx, dweight, dbias = BatchNormGrad(grad, x, weight, ctx.mean, ctx.r, ctx.sizes)
        return dx, dweight if ctx.needs(1) else None, dbias if ctx.needs(2) else None, None, None

    def name(ctx) -> str:
        return "NativeBatchNormBackward0"


class BatchNormGrad(Operation):
    """The gradients of x, weight and bias; its own gradient makes second derivatives possible"""

    keeps_layout = True

    def forward(ctx, grad: Any, x: Any, weight: Any, mean: Any, r: Any, sizes: Sizes) -> Any:
        ctx.save(grad, x, weight)
        ctx.mean, ctx.r, ctx.sizes = mean, r, sizes
        more = () if weight is None else (weight,)
        return dispatch.run(KERNEL, sizes._replace(direction="backward"), grad, x, mean, r, *more)

    def backward(ctx, u: Any, v: Any, t: Any) -> Any:
        """From dx = w·r·(g - ḡ - x̂·b), dw = m·b, db = m·ḡ, where a bar is the mean over a channel, b that of g·x̂:
        with ∂r = -r²·x̂/m and ∂b = r·(g - ḡ - x̂·b)/m, and c the mean of u·x̂."""
        g, x, weight = ctx.saved()
        z = ctx.sizes
        m = z.per_channel()
        channel = (1, z.shape[1]) + (1,) * (len(z.shape) - 2)

        def mean(value: Any) -> Any:
            return SumTo(value, channel) * (1 / m)

        u = g * 0 if u is None else u
        v, t = (0 if k is None else k.reshape(channel) for k in (v, t))
        w = 1 if weight is None else weight.reshape(channel)
        if not z.from_batch:  # mean and r are constants
            centre, r = (array.astype(z.dtype, copy=False).reshape(channel) for array in (ctx.mean, ctx.r))
            centred = Mul(Sub(x, centre), r)
            grad_g = u * (w * r) + centred * v + t
            grad_x, along_w = g * (v * r), u * g * r
        else:
            centre = Sub(x, mean(x))
            r = (mean(centre * centre) + z.eps) ** -0.5
            centred = centre * r
            b, c = mean(g * centred), mean(u * centred)
            g_rest, u_rest = g - mean(g) - centred * b, u - mean(u) - centred * c
            grad_g = u_rest * (w * r) + centred * v + t
            share = mean(u * g) - mean(u) * mean(g) - b * c
            grad_x = g_rest * (v * r) - (centred * share + g_rest * c + u_rest * b) * (w * r * r)
            along_w = u * g_rest * r
        grad_w = None
        if weight is not None and ctx.needs(2):
            grad_w = SumTo(along_w, channel).reshape(z.shape[1:2])
        return grad_g, grad_x, grad_w, None, None, None


@operation()
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(var + eps) · weight + bias, channel by channel, of input (N, C) or (N, C, …).

    In `training` mean and variance are those of the batch, and `running_mean`, `running_var` (C,), if given, go
    towards them by `momentum`, the variance with m - 1 in place of m; otherwise those two are taken.
    ValueError in training with one value per channel; RuntimeError for sizes and types that do not fit.
    Source: Ioffe & Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training".
    """
    return normalised(input, running_mean, running_var, weight, bias, training, momentum, eps, None)


def normalised(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None,
    bias: Tensor | None, training: bool, momentum: float, eps: float, count: Tensor | None,
) -> Tensor:  # fmt: skip
    """`batch_norm`, which in training raises `count` (int64, 0-d) by one; a negative momentum is 1 / count."""
    check_tensor(input, "batch_norm")
    if input.ndim < 2:
        raise IndexError(f"Dimension out of range: batch_norm needs `input` (N, C, …), got shape {list(input.shape)}")
    if eps < 0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    if training and eps == 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if not input.is_floating_point():
        raise NotImplementedError(f'"batch_norm" not implemented for {input.dtype}; convert with .float()')
    channels = input.shape[1]
    m = input.numel() // channels if channels else 0
    if training and m == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, tensor in given.items():
        if tensor is None:
            if name.startswith("running") and not training:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
            continue
        check_tensor(tensor, "batch_norm", name)
        if tensor.shape != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements, got shape {list(tensor.shape)}")
        if tensor.dtype is not input.dtype:
            raise RuntimeError(f"batch_norm: mixed dtype: `{name}` is {tensor.dtype}, `input` {input.dtype}")
    if training and (running_mean is None) != (running_var is None):
        raise RuntimeError("batch_norm: give both `running_mean` and `running_var`, or none of them")
    statistics = [t for t in (running_mean, running_var) if t is not None]
    written = [*statistics, *([] if count is None else [count])] if training and m else []
    running = tuple(t._plain_array().reshape(-1) for t in (written if training else statistics))
    affine = tuple(name for name in ("weight", "bias") if given[name] is not None)
    sizes = Sizes(
        "forward", tuple(input.shape), input._array.dtype, layout.PLAIN, affine, training,
        float(momentum) if written else None, count is not None and bool(written), float(eps),
    )  # fmt: skip
    result: Tensor = BatchNorm(input, weight, bias, running, sizes)
    for tensor in written:
        tensor._version.count += 1
    return result
