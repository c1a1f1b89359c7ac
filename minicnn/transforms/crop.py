"""Parts of PIL images and of tensors (..., H, W)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.nn.module import Module
from minicnn.transforms.arguments import Fill, InterpolationMode, check_scale_and_ratio, interpolation_mode, two
from minicnn.transforms.draws import between, whole
from minicnn.transforms.flip import hflip, vflip
from minicnn.transforms.image import as_tensor, check_image, height_width, is_pil, pixels_of
from minicnn.transforms.pad import borders, check_padding_mode, pad
from minicnn.transforms.resize import resize, resized

_TRIES = 10  # how often a random crop is drawn until one fits


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of `height` × `width` pixels whose first one is (top, left); black beyond the image."""
    check_image(img)
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    H, W = height_width(img)
    bottom, right = top + height, left + width
    inner = pixels_of(img)[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left < 0 or top < 0 or right > W or bottom > H:
        beyond = (
            max(min(0, right) - left, 0),
            max(min(0, bottom) - top, 0),
            max(right - max(W, left), 0),
            max(bottom - max(H, top), 0),
        )
        return pad(as_tensor(inner), beyond)
    return as_tensor(inner)


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of the image, (h, w) or one number for both; a smaller image is padded with 0."""
    crop_height, crop_width = two(output_size)
    height, width = height_width(img)
    down, across = max(crop_height - height, 0), max(crop_width - width, 0)
    if down or across:
        img = pad(img, (across // 2, down // 2, (across + 1) // 2, (down + 1) // 2))
        height, width = height_width(img)
    top = round((height - crop_height) / 2.0)
    left = round((width - crop_width) / 2.0)
    return crop(img, top, left, crop_height, crop_width)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, ...]:
    """The four corners (top left, top right, bottom left, bottom right) and the middle, each of `size`.

    ValueError if the image is smaller.
    """
    height, width = two(size)
    H, W = height_width(img)
    if height > H or width > W:
        raise ValueError(f"Requested crop size {(height, width)} is bigger than input size {(H, W)}")
    places = ((0, 0), (0, W - width), (H - height, 0), (H - height, W - width))
    corners = tuple(crop(img, top, left, height, width) for top, left in places)
    return (*corners, center_crop(img, (height, width)))


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    """`five_crop` of the image and of its mirror image (upside down if `vertical_flip`)."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize` to `size`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


class CenterCrop(Module):
    """The middle of an image: `size` is (h, w), or one number for both. Smaller images are padded with 0.

    ValueError unless `size` has one or two values.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = two(size)

    def forward(self, img: Any) -> Any:
        return center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class FiveCrop(Module):
    """Four corners and the middle, a tuple of five images; see :func:`five_crop`."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = two(size)

    def forward(self, img: Any) -> Any:
        return five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """Five crops and those of the mirror image, a tuple of ten images; see :func:`ten_crop`."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = two(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> Any:
        return ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


def too_large(crop_height: int, crop_width: int, height: int, width: int) -> str:
    """What is said of a crop that is larger than the image."""
    return f"Required crop size {(crop_height, crop_width)} is larger than input image size {(height, width)}"


class RandomCrop(Module):
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
        super().__init__()
        self.size = tuple(two(size))
        if padding is not None:
            borders(padding)
        check_padding_mode(padding_mode)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = pad(img, self.padding, self.fill, self.padding_mode)
        height, width = height_width(img)
        crop_height, crop_width = self.size
        if self.pad_if_needed and width < crop_width:
            img = pad(img, (crop_width - width, 0), self.fill, self.padding_mode)
        if self.pad_if_needed and height < crop_height:
            img = pad(img, (0, crop_height - height), self.fill, self.padding_mode)
        return crop(img, *self.get_params(img, self.size))

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Draw (top, left, height, width) of a crop of `output_size` = (h, w)."""
        height, width = height_width(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(too_large(crop_height, crop_width, height, width))
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = whole(0, height - crop_height + 1)
        left = whole(0, width - crop_width + 1)
        return top, left, crop_height, crop_width

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    """A random part of the image, resized to `size`: what ImageNet's networks are trained on.

    The part has `scale` (smallest, largest) of the image's area and `ratio` of width to height. Draws area, ratio
    (even in its logarithm), top and left edge, up to ten times until the part fits; then it is the middle.

    Source: Szegedy et al. 2015, "Going Deeper with Convolutions", section 6.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = two(size)
        check_scale_and_ratio(scale, ratio)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Draw (top, left, height, width) of the part."""
        H, W = height_width(img)
        for _ in range(_TRIES):
            area, aspect = draw_area_and_aspect(H * W, scale, ratio)
            width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < width <= W and 0 < height <= H:
                top = whole(0, H - height + 1)
                return top, whole(0, W - width + 1), height, width
        width, height = W, H
        if min(ratio) > W / H:
            height = round(W / min(ratio))
        elif max(ratio) < W / H:
            width = round(H * max(ratio))
        return (H - height) // 2, (W - width) // 2, height, width

    def forward(self, img: Any) -> Any:
        part = crop(img, *self.get_params(img, self.scale, self.ratio))
        return resized(part, self.size[0], self.size[1], self.interpolation, self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(value, 4) for value in pair) for pair in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def draw_area_and_aspect(area: int, scale: Sequence[float], ratio: Sequence[float]) -> tuple[float, float]:
    """Draw the area of a rectangle, `scale` of `area`, and its aspect, even in its logarithm, in the default type."""
    part, kind = area * between(scale[0], scale[1]), dtypes.get_default_dtype().numpy
    low, high = np.log(np.asarray(ratio, kind)).tolist()
    return part, float(kind.type(math.exp(between(low, high))))
