"""Crops, flips and padding of PIL images and of tensors (..., H, W)."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.functional.sampling import default_generator
from minicnn.transforms.image import as_tensor, channels, check_image, height_width, is_pil

_PAD_MODES = ("constant", "edge", "reflect", "symmetric")
Fill = float | Sequence[float]


class CenterCrop:
    """The middle of an image: `size` is (h, w), or one number for both. Smaller images are padded with 0.

    ValueError unless `size` has one or two values.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _two(size)

    def __call__(self, img: Any) -> Any:
        height, width = height_width(img)
        crop_height, crop_width = self.size
        down, across = max(crop_height - height, 0), max(crop_width - width, 0)
        if down or across:
            img = _pad(img, (across // 2, down // 2, (across + 1) // 2, (down + 1) // 2), 0, "constant")
            height, width = height_width(img)
        top = round((height - crop_height) / 2.0)
        left = round((width - crop_width) / 2.0)
        return _crop(img, top, left, crop_height, crop_width)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class RandomCrop:
    """A random part of size (h, w), of the image padded by `padding` (see :class:`Pad`).

    `pad_if_needed` pads an image that is smaller than `size`. Draws the top, then the left edge; nothing when
    the image has just the size. ValueError if the crop is larger than the image.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Fill = 0,
        padding_mode: str = "constant",
    ) -> None:
        self.size = _two(size)
        if padding is not None:
            borders(padding)
        _check_mode(padding_mode)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    def __call__(self, img: Any) -> Any:
        if self.padding is not None:
            img = _pad(img, borders(self.padding), self.fill, self.padding_mode)
        height, width = height_width(img)
        crop_height, crop_width = self.size
        if self.pad_if_needed and width < crop_width:
            across = crop_width - width
            img = _pad(img, (across, 0, across, 0), self.fill, self.padding_mode)
        if self.pad_if_needed and height < crop_height:
            down = crop_height - height
            img = _pad(img, (0, down, 0, down), self.fill, self.padding_mode)
        return _crop(img, *self.get_params(img, self.size))

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Draw (top, left, height, width) of a crop of `output_size` = (h, w)."""
        height, width = height_width(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(
                f"Required crop size {(crop_height, crop_width)} is larger than "
                f"input image size {(height, width)}"
            )
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = int(default_generator.randint((1,), 0, height - crop_height + 1)[0])
        left = int(default_generator.randint((1,), 0, width - crop_width + 1)[0])
        return top, left, crop_height, crop_width

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip:
    """The image or, with probability `p`, its mirror image, left and right exchanged. Draws one number."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def __call__(self, img: Any) -> Any:
        check_image(img)
        if not _happens(self.p):
            return img
        if is_pil(img):
            from PIL import Image

            return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return as_tensor(img.numpy()[..., ::-1])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip:
    """The image or, with probability `p`, the image with top and bottom exchanged. Draws one number."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def __call__(self, img: Any) -> Any:
        check_image(img)
        if not _happens(self.p):
            return img
        if is_pil(img):
            from PIL import Image

            return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        return as_tensor(img.numpy()[..., ::-1, :])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class Pad:
    """A frame around the image. `padding`: one number for all sides, (left and right, top and bottom), or
    (left, top, right, bottom); negative numbers crop.

    `padding_mode` is "constant" (the value `fill`, for PIL images also one a channel), "edge" (the outermost
    pixel), "reflect" (mirrored without it) or "symmetric" (mirrored with it). TypeError and ValueError for
    other arguments.
    """

    def __init__(self, padding: int | Sequence[int], fill: Fill = 0, padding_mode: str = "constant") -> None:
        borders(padding)
        if not isinstance(fill, numbers.Number | tuple | list):
            raise TypeError(f"Got inappropriate fill arg: {fill!r}, expected a number or one a channel")
        _check_mode(padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def __call__(self, img: Any) -> Any:
        check_image(img)
        return _pad(img, borders(self.padding), self.fill, self.padding_mode)

    def __repr__(self) -> str:
        what = f"padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode}"
        return f"{type(self).__name__}({what})"


def _crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    return as_tensor(img.numpy()[..., top : top + height, left : left + width])


def _pad(img: Any, frame: tuple[int, int, int, int], fill: Fill, mode: str) -> Any:
    left, top, right, bottom = frame
    if is_pil(img) and mode == "constant":
        from PIL import ImageOps

        framed = ImageOps.expand(img, border=frame, fill=_colour(fill, img))
        if img.mode == "P":
            framed.putpalette(img.getpalette())
        return framed
    if mode == "constant" and not isinstance(fill, numbers.Number):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}, a tensor is padded with one number")
    pixels = np.asarray(img) if is_pil(img) else img.numpy()
    rows = 0 if is_pil(img) else pixels.ndim - 2  # the axis of H: (H, W, C) or (..., H, W)
    cut = [slice(None)] * pixels.ndim
    width = [(0, 0)] * pixels.ndim
    for axis, before, after in ((rows, top, bottom), (rows + 1, left, right)):
        cut[axis] = slice(max(-before, 0), pixels.shape[axis] - max(-after, 0))
        width[axis] = max(before, 0), max(after, 0)
    options = {"constant_values": fill} if mode == "constant" else {}
    padded = np.pad(pixels[tuple(cut)], width, mode=mode, **options)  # type: ignore[call-overload]
    if not is_pil(img):
        return as_tensor(padded)
    from PIL import Image

    framed = Image.fromarray(padded)
    if img.mode == "P":
        framed.putpalette(img.getpalette())
    return framed


def _colour(fill: Fill, img: Any) -> Any:
    count = channels(img)
    if isinstance(fill, numbers.Number):
        return fill if count == 1 else (fill,) * count
    assert isinstance(fill, tuple | list)
    if len(fill) != count:
        raise ValueError(
            f"The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(fill)} != {count})"
        )
    return fill[0] if count == 1 else tuple(fill)


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
    raise ValueError(
        f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple"
    )


def _check_mode(padding_mode: str) -> None:
    if padding_mode not in _PAD_MODES:
        raise ValueError(
            f"Padding mode should be either constant, edge, reflect or symmetric, got {padding_mode!r}"
        )


def _two(size: int | Sequence[int]) -> tuple[int, int]:
    """(h, w) from one number or a sequence of one or two."""
    if not isinstance(size, Sequence):
        return int(size), int(size)
    if len(size) not in (1, 2):
        raise ValueError(f"Please provide only two dimensions (h, w) for size, got {size}")
    return size[0], size[-1]


def _happens(p: float) -> bool:
    return bool(default_generator.uniform((1,))[0] < p)
