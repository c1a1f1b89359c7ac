"""What sliding windows (convolution, pooling) share: pairs, output sizes, checks, lines as images of one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.shape import View

Pair = tuple[int, int]


class Shaped(View):
    """A result that nobody else holds, in another shape; to the user no view, so that it may be changed in place. Its
    node has the name that PyTorch gives it"""

    view = False

    def forward(ctx, input: Any, shape: tuple[int, ...], *, node: str = "SqueezeBackward1") -> Any:
        ctx.node = node
        return super().forward(input, shape)

    def name(ctx) -> str:
        return ctx.node


HOW_MANY = {1: "an int", 2: "an int or two ints"}


def lengths(
    value: Any, axes: int, name: str, argument: str, least: int = 0, one_in_list: bool = True
) -> tuple[int, ...]:
    """`value` for each of the `axes`: an int for all, or as many ints; each at least `least`. With `one_in_list` (3,)
    counts as 3. TypeError for what is no int, RuntimeError for another number of them."""
    if isinstance(value, tuple | list):
        values = tuple(value) * axes if len(value) == 1 and one_in_list else tuple(value)
    else:
        values = (value,) * axes
    if any(isinstance(v, bool) or not hasattr(v, "__index__") for v in values):
        raise TypeError(f"{name}(): `{argument}` must be {HOW_MANY[axes]}, got {value!r}")
    if len(values) != axes:
        raise RuntimeError(f"{name}(): `{argument}` must be {HOW_MANY[axes]}, got {value!r}")
    numbers = tuple(int(v) for v in values)
    if min(numbers) < least:
        raise RuntimeError(f"{name}(): `{argument}` must be at least {least}, got {value!r}")
    return numbers


def pair(value: Any, name: str, argument: str, least: int = 0, one_in_list: bool = True) -> Pair:
    """`lengths` of two axes, height and width."""
    h, w = lengths(value, 2, name, argument, least, one_in_list)
    return h, w


def both(numbers: Sequence[int], of_one_row: int = 1) -> Pair:
    """The numbers of height and width: of a line, which is an image of one row, the first one is `of_one_row`."""
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (of_one_row, numbers[0])


def batched(input: Any, axes: int, name: str) -> tuple[Tensor, bool]:
    """`input` as a batch (N, C, …) with `axes` more axes, and whether it came without the first one."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument `input` must be Tensor, not {type(input).__name__}")
    if input.ndim == axes + 1:
        return input.unsqueeze(0), True
    if input.ndim != axes + 2:
        raise RuntimeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    return input, False


def images(input: Any, name: str) -> tuple[Tensor, bool]:
    """`input` as (N, C, H, W), and whether it came as one image (C, H, W)."""
    return batched(input, 2, name)


def output_size(length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> int:
    """floor((length + 2·padding - dilation·(kernel - 1) - 1) / stride) + 1: how many windows fit.

    With `ceil_mode` a last, partial window counts if it begins inside the image or its left padding.
    """
    span = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return span // stride + 1
    count = -(-span // stride) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count
