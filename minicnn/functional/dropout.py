"""Dropout of elements and of channels, and its form for SELU: random numbers of PyTorch's, bit for bit; on a GPU those
of its own generator (device_random.py)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minicnn import kernels
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional import device_random
from minicnn.functional.common import check_tensor, memory_order
from minicnn.functional.creation import empty
from minicnn.functional.elementwise import Mul
from minicnn.functional.generator import default_generator
from minicnn.functional.sampling import bernoulli_
from minicnn.kernels import buffers, dispatch
from minicnn.kernels.dropout import Sizes

KERNEL = "dropout"


class Dropout(Operation):
    """x · keep / (1 - p), with keep drawn anew; what is kept serves the gradient, too"""

    keeps_layout = True

    def forward(ctx, x: Any, p: float, features: bool, state: Any) -> Any:
        order = memory_order(x)
        on_cpu = array_module(x) is np
        ctx.sizes = Sizes("forward", x.shape, x.dtype, order, p, features, "twister" if on_cpu else "philox")
        if not on_cpu:
            y, ctx.keep = device_random.drawn(KERNEL, ctx.sizes, x)
            return y
        plan = kernels.plan(KERNEL, ctx.sizes)
        y, ctx.keep = [buffers.empty(out.shape, out.dtype, out.order) for out in plan.outputs[:2]]
        kernels.execute(KERNEL, plan, (y, ctx.keep, state), (kernels.in_order(x, order),))
        return y

    def backward(ctx, grad: Any) -> Any:
        return Dropped(grad, ctx.keep, ctx.sizes), None, None, None

    def name(ctx) -> str:
        return "MulBackward0"


class Dropped(Operation):
    """grad · keep / (1 - p): its own adjoint"""

    keeps_layout = True

    def forward(ctx, grad: Any, keep: Any, sizes: Sizes) -> Any:
        ctx.keep, ctx.sizes = keep, sizes
        (dx,) = dispatch.run(KERNEL, sizes._replace(direction="backward"), grad, keep)
        return dx

    def backward(ctx, grad2: Any) -> Any:
        return Dropped(grad2, ctx.keep, ctx.sizes), None, None


@operation()
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element is 0 with probability `p`, else divided by 1 - p; `input` itself if not `training`.

    ValueError if `p` is not in [0, 1]. The mask is drawn in logical order, whatever the memory order.
    Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
    """
    return _dropped(input, p, training, inplace, False, "dropout")


@operation()
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels are 0 with probability `p`, the others divided by 1 - p; input (N, C, L) or (C, L).

    ValueError if `p` is not in [0, 1]. One random number for each channel of each sample.
    """
    check_tensor(input, "dropout1d")
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, (C, L) or (N, C, L), got a {input.ndim}D input")
    if input.ndim == 3:
        return _dropped(input, p, training, inplace, True, "dropout1d")
    if not inplace:
        return _dropped(input.unsqueeze(0), p, training, False, True, "dropout1d").squeeze(0)
    check_inplace(input, False, "dropout1d_")
    return write(input, dropout1d(input, p, training), "dropout1d_")


@operation()
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels are 0 with probability `p`, the others divided by 1 - p; input (N, C, H, W).

    ValueError if `p` is not in [0, 1]. One random number for each channel of each image. An input of three
    axes counts as (N, C, L), as in PyTorch, with a warning.
    Source: Tompson et al. 2015, "Efficient Object Localization Using Convolutional Networks".
    """
    check_tensor(input, "dropout2d")
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input, which is taken for (N, C, L); say dropout1d for that, "
            "or give one image as (1, C, H, W)",
            UserWarning,
            stacklevel=3,
        )
    elif input.ndim != 4:
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input, which is deprecated; expected (N, C, H, W)",
            UserWarning,
            stacklevel=3,
        )
    if input.ndim < 2:
        raise RuntimeError(f"Feature dropout requires at least 2 dimensions in the input, got {list(input.shape)}")
    return _dropped(input, p, training, inplace, True, "dropout2d")


@operation()
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels are 0 with probability `p`, the others divided by 1 - p; input (N, C, D, H, W).

    ValueError if `p` is not in [0, 1]. One random number for each channel of each volume; four axes are one volume.
    """
    if check_tensor(input, "dropout3d").ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input, which is deprecated; expected (N, C, D, H, W), or dropout",
            UserWarning,
            stacklevel=3,
        )
    if input.ndim == 5:
        return _dropped(input, p, training, inplace, True, "dropout3d")
    if not inplace:
        return _dropped(input.unsqueeze(0), p, training, False, True, "dropout3d").squeeze(0)
    check_inplace(input, False, "dropout3d_")
    return write(input, dropout3d(input, p, training), "dropout3d_")


SELU_LIMIT = 1.7580993408473766  # -SELU(-∞), what a dropped element becomes before all are scaled


@operation()
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Each element becomes SELU's lower limit with probability `p`; then all are scaled to keep mean and variance.

    ValueError if `p` is not in [0, 1].
    Source: Klambauer et al. 2017, "Self-Normalizing Neural Networks", section 3.
    """
    return _alpha_dropped(input, p, training, inplace, False, "alpha_dropout")


@operation()
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels of input (N, C, …): one random number for each channel of each sample."""
    return _alpha_dropped(input, p, training, inplace, True, "feature_alpha_dropout")


def _alpha_dropped(input: Tensor, p: float, training: bool, inplace: bool, features: bool, name: str) -> Tensor:
    _check_probability(input, p, name)
    if features and training and input.ndim < 2:
        raise RuntimeError(f"Feature dropout requires at least 2 dimensions in the input, got {list(input.shape)}")
    if not training or p == 0:
        return input
    if not input.is_floating_point():
        raise RuntimeError(f"{name}(): result type float32 can't be cast to `input`'s type {input.dtype}; use .float()")
    if inplace:
        check_inplace(input, False, f"{name}_")
    if p == 1:  # no number is drawn
        result = input * 0
    else:
        shape = (*input.shape[:2], *(1,) * (input.ndim - 2)) if features else tuple(input.shape)
        keep = bernoulli_(empty(shape, dtype=input.dtype, device=input.device), 1 - p)
        a = ((SELU_LIMIT**2 * p + 1) * (1 - p)) ** -0.5
        result = input * (keep * a) + ((keep - 1) * (SELU_LIMIT * a) + SELU_LIMIT * a * p)
    return write(input, result, f"{name}_") if inplace else result


def _check_probability(input: Tensor, p: float, name: str) -> None:
    check_tensor(input, name)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got `p` {p}")


def _dropped(input: Tensor, p: float, training: bool, inplace: bool, features: bool, name: str) -> Tensor:
    _check_probability(input, p, name)
    if not training or p == 0:
        return input
    if not input.is_floating_point() and p < 1:
        raise RuntimeError(f"{name}(): result type float32 can't be cast to `input`'s type {input.dtype}; use .float()")
    if inplace:
        check_inplace(input, False, f"{name}_")
    result: Tensor
    xp = array_module(input._array)
    if p == 1:  # no number is drawn
        result = Mul(input, xp.zeros((1,) * input.ndim, input._array.dtype))
    elif xp is np or not device_random.on_host():
        result = Dropout(input, float(p), features, default_generator.memory() if xp is np else None)
    else:
        shape = (*input.shape[:2], *(1,) * (input.ndim - 2)) if features else tuple(input.shape)
        keep = bernoulli_(empty(shape, dtype=input.dtype, device=input.device), 1 - p)
        kind = input._array.dtype.type
        result = Mul(input, keep * float(kind(1) / kind(1 - p)))
    return write(input, result, f"{name}_") if inplace else result
