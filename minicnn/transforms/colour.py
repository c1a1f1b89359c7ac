"""Brightness, contrast, saturation, hue, gamma, grey: of PIL images and of tensors (..., C, H, W).

Of tensors, floating ones are 0 ... 1, whole ones 0 ... the largest number of their type; C is 1 or 3.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn.functional.generator import default_generator
from minicnn.nn.module import Module
from minicnn.transforms.convert import convert_array
from minicnn.transforms.draws import between, happens
from minicnn.transforms.image import (
    as_tensor,
    check_channels,
    check_image,
    floating,
    get_dimensions,
    is_pil,
    largest,
    pixels_of,
)

Array = NDArray[Any]
Range = float | Sequence[float]


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Grey from colour: 0.2989 R + 0.587 G + 0.114 B (ITU-R 601-2); a PIL image of mode L (RGB for 3 channels), or a
    tensor (..., 1 or 3, H, W). A tensor of one channel stays one, as in torchvision.

    ValueError unless `num_output_channels` is 1 or 3.
    """
    check_image(img)
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, got {num_output_channels}")
    if is_pil(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else grey.convert("RGB")
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    times = min(num_output_channels, check_channels(img))
    return as_tensor(np.repeat(_grey(pixels_of(img)), times, axis=-3))


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """As :func:`rgb_to_grayscale`, for PIL images alone: TypeError for anything else."""
    if not is_pil(img):
        raise TypeError(f"Input should be PIL Image, got {type(img)}")
    return rgb_to_grayscale(img, num_output_channels)


def _grey(pixels: Array) -> Array:
    """(..., 1, H, W) of (..., C, H, W)."""
    if pixels.shape[-3] == 1:
        return pixels
    red, green, blue = (pixels[..., c, :, :] for c in range(3))
    weights = np.array([0.2989, 0.587, 0.114], floating(pixels))
    red, green, blue = (colour.astype(weights.dtype, copy=False) for colour in (red, green, blue))
    grey = weights[0] * red + weights[1] * green + weights[2] * blue
    return grey.astype(pixels.dtype)[..., None, :, :]


def blend(pixels: Array, other: Array, ratio: float) -> Array:
    """ratio · pixels + (1 - ratio) · other, cut off at black and white; the bytes are not rounded but cut, too."""
    kind, white = floating(pixels), largest(pixels.dtype)
    one, rest = np.array([ratio, 1.0 - float(ratio)], kind)
    mixed = one * pixels.astype(kind, copy=False) + rest * other.astype(kind, copy=False)
    return mixed.clip(0, white).astype(pixels.dtype)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _enhanced(img: Any, kind: str, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, kind)(img).enhance(factor)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The image times `brightness_factor`: 0 is black, 1 the image itself."""
    check_image(img)
    if is_pil(img):
        return _enhanced(img, "Brightness", brightness_factor)
    _check_factor("brightness_factor", brightness_factor)
    check_channels(img)
    pixels = pixels_of(img)
    return as_tensor(blend(pixels, np.zeros_like(pixels), brightness_factor))


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The image's distance from its mean grey times `contrast_factor`: 0 is that grey, 1 the image itself."""
    check_image(img)
    if is_pil(img):
        return _enhanced(img, "Contrast", contrast_factor)
    _check_factor("contrast_factor", contrast_factor)
    pixels, channels = pixels_of(img), check_channels(img)
    grey = _grey(pixels) if channels == 3 else pixels
    axes = tuple(range(-min(grey.ndim, 3), 0))
    mean = grey.mean(axis=axes, keepdims=True, dtype=np.float64).astype(floating(pixels))
    return as_tensor(blend(pixels, mean, contrast_factor))


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The image's distance from its grey version times `saturation_factor`: 0 is grey, 1 the image itself."""
    check_image(img)
    if is_pil(img):
        return _enhanced(img, "Color", saturation_factor)
    _check_factor("saturation_factor", saturation_factor)
    if check_channels(img) == 1:
        return img
    pixels = pixels_of(img)
    return as_tensor(blend(pixels, _grey(pixels), saturation_factor))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """All colours moved along the circle of hues by `hue_factor`, -0.5 ... 0.5 of it; grey images stay.

    Source: https://en.wikipedia.org/wiki/Hue
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    check_image(img)
    if is_pil(img):
        from PIL import Image

        if img.mode in ("L", "1", "I", "F"):
            return img
        hue, saturation, value = img.convert("HSV").split()
        step = np.uint8(int(hue_factor * 255) % 256)
        moved = Image.fromarray(np.asarray(hue) + step)  # bytes go around
        return Image.merge("HSV", (moved, saturation, value)).convert(img.mode)
    if check_channels(img) == 1:
        return img
    pixels = pixels_of(img)
    kind = np.dtype(np.float32)
    return as_tensor(convert_array(_turned(convert_array(pixels, kind), kind.type(hue_factor)), pixels.dtype))


def _turned(rgb: Array, hue_factor: Any) -> Array:
    """(..., 3, H, W) in 0 ... 1 with all hues moved on."""
    red, green, blue = (rgb[..., c, :, :] for c in range(3))
    top, bottom = rgb.max(axis=-3), rgb.min(axis=-3)
    grey, span = top == bottom, top - bottom
    saturation = span / np.where(grey, rgb.dtype.type(1), top)
    divisor = np.where(grey, rgb.dtype.type(1), span)
    to_red, to_green, to_blue = ((top - colour) / divisor for colour in (red, green, blue))
    hue = np.where(top == red, to_blue - to_green, np.where(top == green, 2 + to_red - to_blue, 4 + to_green - to_red))
    hue = np.fmod(hue / 6 + 1, 1)
    hue = np.mod(hue + hue_factor, 1)
    sector = np.floor(hue * 6)  # of six between red, yellow, green, cyan, blue, magenta
    along = hue * 6 - sector
    low = (top * (1 - saturation)).clip(0, 1)
    falling = (top * (1 - saturation * along)).clip(0, 1)
    rising = (top * (1 - saturation * (1 - along))).clip(0, 1)
    number = sector.astype(np.int32) % 6
    bands = [
        (top, falling, low, low, rising, top),
        (rising, top, top, falling, low, low),
        (low, low, rising, top, top, falling),
    ]
    return np.stack([np.choose(number, band) for band in bands], axis=-3)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """gain · x^gamma of every value x in 0 ... 1: darker shadows for gamma > 1, lighter ones below.

    ValueError if `gamma` is negative.
    """
    check_image(img)
    if gamma < 0:
        raise ValueError(f"Gamma should be a non-negative real number, got {gamma}")
    if is_pil(img):
        table = [int((255 + 1 - 1e-3) * gain * pow(byte / 255.0, gamma)) for byte in range(256)] * 3
        return img.convert("RGB").point(table).convert(img.mode)
    check_channels(img)
    pixels = pixels_of(img)
    values = pixels if pixels.dtype.kind == "f" else convert_array(pixels, np.dtype(np.float32))
    changed = (gain * values ** values.dtype.type(gamma)).clip(0, 1)
    return as_tensor(convert_array(changed, pixels.dtype))


class Grayscale(Module):
    """Grey from colour, as one channel or three equal ones; see :func:`rgb_to_grayscale`."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Module):
    """The image or, with probability `p`, its grey version, of as many channels. Draws one number."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        channels, _, _ = get_dimensions(img)
        return rgb_to_grayscale(img, channels) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed at random, in a random order.

    A number x means factors from max(0, 1 - x) to 1 + x, for the hue -x to x; a pair is the range itself. Draws the
    order, then brightness, contrast, saturation, hue, those that change. ValueError for a range beyond what there is.
    """

    def __init__(self, brightness: Range = 0, contrast: Range = 0, saturation: Range = 0, hue: Range = 0) -> None:
        super().__init__()
        self.brightness = _range("brightness", brightness)
        self.contrast = _range("contrast", contrast)
        self.saturation = _range("saturation", saturation)
        self.hue = _range("hue", hue, centre=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Any, float | None, float | None, float | None, float | None]:
        """Draw (order (4,) of the four changes, factor of each or None)."""
        order = as_tensor(default_generator.randperm(4))
        b, c, s, h = (
            None if limits is None else between(limits[0], limits[1])
            for limits in (brightness, contrast, saturation, hue)
        )
        return order, b, c, s, h

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)
        for number in order.tolist():
            factor = factors[number]
            if factor is not None:
                img = changes[number](img, factor)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


def _range(
    name: str, value: Range, centre: int = 1, bound: tuple[float, float] = (0, float("inf"))
) -> tuple[float, float] | None:
    """(smallest, largest) factor of a change, or None where it changes nothing."""
    if isinstance(value, numbers.Real):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative, got {value}")
        low, high = centre - float(value), centre + float(value)
        low = max(low, 0.0) if centre else low
    elif isinstance(value, tuple | list) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2, got {value!r}")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == centre else (low, high)
