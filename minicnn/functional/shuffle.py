"""Channels exchanged with pixels, and among themselves: every number moves, none changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor
from minicnn.kernels import layout


class Rearrange(Operation):
    """All axes but the first `lead` ones cut into lengths `cut`, put in another `order` and joined to `shape`"""

    keeps_layout = True

    def forward(
        ctx, x: Any, lead: int, cut: tuple[int, ...], order: tuple[int, ...], shape: tuple[int, ...], node: str
    ) -> Any:
        back = tuple(int(i) for i in np.argsort(order))
        ctx.inverse = (lead, tuple(cut[i] for i in order), back, x.shape[lead:], node)
        ctx.node = node
        batch_last = lead > 0 and layout.order_of(x) == layout.BATCH_LAST
        if batch_last:
            x, lead = layout.batch_last_view(x), lead - 1
        first, last = x.shape[:lead], x.shape[x.ndim - 1 :] if batch_last else ()
        axes = (*range(lead), *(lead + i for i in order), *((lead + len(cut),) if batch_last else ()))
        y = array_module(x).ascontiguousarray(x.reshape(*first, *cut, *last).transpose(axes))
        y = y.reshape(*first, *shape, *last)
        return y.transpose(y.ndim - 1, *range(y.ndim - 1)) if batch_last else y

    def backward(ctx, grad: Any) -> Any:
        return Rearrange(grad, *ctx.inverse), None, None, None, None, None

    def name(ctx) -> str:
        return ctx.node


def _factor(value: Any, name: str, argument: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}(): argument `{argument}` must be int, not {type(value).__name__}")
    if value <= 0:
        raise RuntimeError(f"{name} expects a positive `{argument}`, but got {value}")
    return int(value)


def _planes(input: Tensor, name: str) -> tuple[int, int, int, int]:
    """How many axes lead, and C, H, W."""
    if check_tensor(input, name).ndim < 3:
        raise RuntimeError(
            f"{name} expects `input` to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    C, H, W = input.shape[-3:]
    return input.ndim - 3, C, H, W


@operation()
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """r·r channels as the r × r pixels of one that is larger by r: (*, C·r², H, W) becomes (*, C, H·r, W·r).

    RuntimeError for channels that r² does not divide. Source: Shi et al. 2016, section 2.2.

    >>> import minicnn
    >>> pixel_shuffle(minicnn.tensor([1, 2, 3, 4]).reshape(4, 1, 1), 2)
    tensor([[[1, 2],
             [3, 4]]])
    """
    lead, channels, H, W = _planes(input, "pixel_shuffle")
    r = _factor(upscale_factor, "pixel_shuffle", "upscale_factor")
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    C = channels // (r * r)
    y: Tensor = Rearrange(input, lead, (C, r, r, H, W), (0, 3, 1, 4, 2), (C, H * r, W * r), "PixelShuffleBackward0")
    return y


@operation()
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The reverse of `pixel_shuffle`: (*, C, H·r, W·r) becomes (*, C·r², H, W).

    RuntimeError for a height or width that r does not divide.
    """
    lead, C, height, width = _planes(input, "pixel_unshuffle")
    r = _factor(downscale_factor, "pixel_unshuffle", "downscale_factor")
    for what, length, axis in (("height", height, -2), ("width", width, -1)):
        if length % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({axis})={length} "
                f"is not divisible by {r}"
            )
    H, W = height // r, width // r
    y: Tensor = Rearrange(input, lead, (C, H, r, W, r), (0, 2, 4, 1, 3), (C * r * r, H, W), "PixelUnshuffleBackward0")
    return y


@operation()
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of (N, C, *) dealt out: the first ones of all `groups`, then the second ones, and so on.

    RuntimeError for channels that `groups` does not divide. Source: Zhang et al. 2018, section 3.1.

    >>> import minicnn
    >>> channel_shuffle(minicnn.arange(6).reshape(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    shape = check_tensor(input, "channel_shuffle").shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects `input` with > 2 dims, but got input with sizes {list(shape)}")
    g = _factor(groups, "channel_shuffle", "groups")
    C = shape[1]
    if C % g:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {C} channels and {g} groups.")
    cut = (g, C // g, math.prod(shape[2:]))
    y: Tensor = Rearrange(input, 1, cut, (1, 0, 2), tuple(shape[1:]), "ChannelShuffleBackward0")
    return y
