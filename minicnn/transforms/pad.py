"""A frame around PIL images and tensors (..., H, W)."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.nn.module import Module
from minicnn.transforms.arguments import Fill, colour
from minicnn.transforms.image import as_tensor, check_image, is_pil, pixels_of

_MODES = ("constant", "edge", "reflect", "symmetric")


def pad(img: Any, padding: int | Sequence[int], fill: Fill | None = 0, padding_mode: str = "constant") -> Any:
    """`img` with a frame around it; see :class:`Pad` for the arguments.

    ValueError for a reflecting frame around a tensor that is as wide as the tensor itself or wider.
    """
    check_image(img)
    frame = borders(padding)
    check_padding_mode(padding_mode)
    if fill is not None and not isinstance(fill, numbers.Number | tuple | list):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}, expected a number or one a channel")
    if is_pil(img) and padding_mode == "constant":
        from PIL import ImageOps

        framed = ImageOps.expand(img, border=frame, fill=colour(fill, img))
        if img.mode == "P":
            framed.putpalette(img.getpalette())
        return framed
    if not is_pil(img) and not isinstance(fill, numbers.Number | None):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}, a tensor is padded with one number")
    return _pad_array(img, frame, 0 if fill is None else fill, padding_mode)


def _pad_array(img: Any, frame: tuple[int, int, int, int], fill: Any, mode: str) -> Any:
    left, top, right, bottom = frame
    pixels = np.asarray(img) if is_pil(img) else pixels_of(img)
    rows = 0 if is_pil(img) else pixels.ndim - 2  # the axis of H: (H, W, C) or (..., H, W)
    cut = [slice(None)] * pixels.ndim
    width = [(0, 0)] * pixels.ndim
    for axis, before, after in ((rows, top, bottom), (rows + 1, left, right)):
        length = pixels.shape[axis]
        if length + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"`padding` {(before, after)} cuts more off than the {length} pixels of the axis")
        cut[axis] = slice(max(-before, 0), length - max(-after, 0))
        width[axis] = max(before, 0), max(after, 0)
        if not is_pil(img) and mode in ("reflect", "symmetric") and max(width[axis]) >= length + (mode == "symmetric"):
            raise ValueError(
                f"`padding` {(before, after)} at an axis of length {length}: mode {mode!r} has no more than "
                f"{length - (mode == 'reflect')} pixels to show again"
            )
    options = {"constant_values": fill} if mode == "constant" else {}
    padded = np.pad(pixels[tuple(cut)], width, mode=mode, **options)  # type: ignore[call-overload]
    if not is_pil(img):
        return as_tensor(padded)
    from PIL import Image

    framed = Image.fromarray(padded)
    if img.mode == "P":
        framed.putpalette(img.getpalette())
    return framed


def borders(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a `padding` argument; TypeError or ValueError for another one."""
    if isinstance(padding, int):
        return padding, padding, padding, padding
    if not isinstance(padding, tuple | list):
        raise TypeError(f"Got inappropriate padding arg: {padding!r}, expected an int or 1, 2 or 4 of them")
    if len(padding) == 4:
        return padding[0], padding[1], padding[2], padding[3]
    if len(padding) in (1, 2):
        return padding[0], padding[-1], padding[0], padding[-1]
    raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple")


def check_padding_mode(padding_mode: str) -> None:
    """ValueError unless it is one of the four."""
    if padding_mode not in _MODES:
        raise ValueError(f"Padding mode should be either constant, edge, reflect or symmetric, got {padding_mode!r}")


class Pad(Module):
    """A frame around the image. `padding`: one number for all sides, (left and right, top and bottom), or
    (left, top, right, bottom); negative numbers crop.

    `padding_mode` is "constant" (the value `fill`, for PIL images also one a channel), "edge" (the outermost
    pixel), "reflect" (mirrored without it) or "symmetric" (mirrored with it). TypeError and ValueError for
    other arguments.
    """

    def __init__(self, padding: int | Sequence[int], fill: Fill = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        borders(padding)
        if not isinstance(fill, numbers.Number | tuple | list):
            raise TypeError(f"Got inappropriate fill arg: {fill!r}, expected a number or one a channel")
        check_padding_mode(padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        what = f"padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode}"
        return f"{type(self).__name__}({what})"
