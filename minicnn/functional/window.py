"""Arguments of sliding windows (convolution, pooling): pairs, output sizes, checks."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.tensor import Tensor

Pair = tuple[int, int]


def pair(value: Any, name: str, argument: str, least: int = 0, one_in_list: bool = True) -> Pair:
    """`value` for height and width: an int for both, or two ints; each at least `least`. With `one_in_list`
    (3,) counts as (3, 3). TypeError for what is no int, RuntimeError for another number of them."""
    if isinstance(value, tuple | list):
        values = tuple(value) * 2 if len(value) == 1 and one_in_list else tuple(value)
    else:
        values = (value, value)
    if any(isinstance(v, bool) or not hasattr(v, "__index__") for v in values):
        raise TypeError(f"{name}(): `{argument}` must be an int or two ints, got {value!r}")
    if len(values) != 2:
        raise RuntimeError(f"{name}(): `{argument}` must be an int or two ints, got {value!r}")
    h, w = (int(v) for v in values)
    if min(h, w) < least:
        raise RuntimeError(f"{name}(): `{argument}` must be at least {least}, got {value!r}")
    return h, w


def images(input: Any, name: str) -> tuple[Tensor, bool]:
    """`input` as (N, C, H, W), and whether it came as one image (C, H, W)."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument `input` must be Tensor, not {type(input).__name__}")
    if input.ndim == 3:
        return input.unsqueeze(0), True
    if input.ndim != 4:
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to {name}, but got input of size: {list(input.shape)}"
        )
    return input, False


def output_size(length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> int:
    """floor((length + 2·padding - dilation·(kernel - 1) - 1) / stride) + 1: how many windows fit.

    With `ceil_mode` a last, partial window counts if it begins inside the image or its left padding.
    """
    span = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return span // stride + 1
    count = -(-span // stride) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count
