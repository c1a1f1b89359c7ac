"""What changes single values or small neighbourhoods: invert, posterize, solarize, sharpen, spread; PIL and tensors.

Of tensors (..., C, H, W) the floating ones are 0 ... 1, whole ones 0 ... the largest number of their type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn.nn.module import Module
from minicnn.transforms.colour import blend
from minicnn.transforms.draws import between
from minicnn.transforms.image import as_tensor, check_channels, check_image, floating, is_pil, largest, pixels_of
from minicnn.transforms.resample import as_kind

Array = NDArray[Any]


def _pixels(img: Any, bytes_only: bool = False) -> Array:
    """The pixels of a tensor (..., 1 or 3, H, W); TypeError for another one."""
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    pixels = pixels_of(img)
    if bytes_only and pixels.dtype != np.uint8:
        raise TypeError(f"Only uint8 image tensors are supported, but found {img.dtype}")
    check_channels(img)
    return pixels


def _by_pillow(name: str, img: Any, *arguments: Any) -> Any:
    from PIL import ImageOps

    return getattr(ImageOps, name)(img, *arguments)


def invert(img: Any) -> Any:
    """White minus the image."""
    check_image(img)
    if is_pil(img):
        return _by_pillow("invert", img)
    pixels = _pixels(img)
    return as_tensor(pixels.dtype.type(largest(pixels.dtype)) - pixels)


def posterize(img: Any, bits: int) -> Any:
    """Only the highest `bits` (0 ... 8) of every byte. ValueError for another number."""
    check_image(img)
    if not 0 <= bits <= 8:
        raise ValueError(f"The number of bits should be between 0 and 8. Got {bits}")
    if is_pil(img):
        return _by_pillow("posterize", img, bits)
    return as_tensor(_pixels(img, bytes_only=True) & np.uint8(256 - 2 ** (8 - bits)))


def solarize(img: Any, threshold: float) -> Any:
    """Values from `threshold` on inverted. TypeError if that lies beyond white."""
    check_image(img)
    if is_pil(img):
        return _by_pillow("solarize", img, threshold)
    pixels = _pixels(img)
    white = pixels.dtype.type(largest(pixels.dtype))
    if threshold > white:
        raise TypeError(f"Threshold should be less than bound of img, {white}. Got {threshold}")
    return as_tensor(np.where(pixels >= threshold, white - pixels, pixels))


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """The image's distance from a blurred version times `sharpness_factor`: 0 is blurred, 1 the image itself."""
    check_image(img)
    if is_pil(img):
        from PIL import ImageEnhance

        return ImageEnhance.Sharpness(img).enhance(sharpness_factor)
    if sharpness_factor < 0:
        raise ValueError(f"sharpness_factor ({sharpness_factor}) is not non-negative.")
    pixels = _pixels(img)
    if min(pixels.shape[-2:]) <= 2:
        return img
    kind = floating(pixels)
    centre, around = kind.type(5) / kind.type(13), kind.type(1) / kind.type(13)
    height, width = pixels.shape[-2:]
    total = np.zeros((*pixels.shape[:-2], height - 2, width - 2), kind)
    for i in range(3):
        for j in range(3):
            weight = centre if i == j == 1 else around
            total += weight * pixels[..., i : height - 2 + i, j : width - 2 + j].astype(kind, copy=False)
    blurred = pixels.copy()
    blurred[..., 1:-1, 1:-1] = as_kind(total, pixels.dtype)
    return as_tensor(blend(pixels, blurred, sharpness_factor))


def autocontrast(img: Any) -> Any:
    """Each channel stretched so that its darkest value is black and its lightest white."""
    check_image(img)
    if is_pil(img):
        return _by_pillow("autocontrast", img)
    pixels = _pixels(img)
    kind, white = floating(pixels), largest(pixels.dtype)
    low, high = (edge(axis=(-2, -1), keepdims=True).astype(kind) for edge in (pixels.min, pixels.max))
    flat = low == high
    scale = kind.type(1) / np.where(flat, kind.type(white), high - low) * kind.type(white)  # as PyTorch divides
    spread = (pixels.astype(kind, copy=False) - np.where(flat, kind.type(0), low)) * scale
    return as_tensor(spread.clip(0, white).astype(pixels.dtype))


def equalize(img: Any) -> Any:
    """Each channel's bytes spread so that all are about equally frequent (histogram equalisation)."""
    check_image(img)
    if is_pil(img):
        return _by_pillow("equalize", img)
    pixels = _pixels(img, bytes_only=True)
    planes = pixels.reshape(-1, *pixels.shape[-2:])
    return as_tensor(np.stack([_equalized(plane) for plane in planes]).reshape(pixels.shape))


def _equalized(plane: Array) -> Array:
    counts = np.bincount(plane.ravel(), minlength=256)
    step = counts[counts != 0][:-1].sum() // 255
    if step == 0:
        return plane
    table = (np.cumsum(counts) + step // 2) // step
    return np.concatenate([[0], table[:-1]]).clip(0, 255).astype(np.uint8)[plane]


class _Sometimes(Module):
    """A change that is made with probability `p`. Draws one number."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def change(self, img: Any) -> Any:
        """What is done to the image if it is done."""
        raise NotImplementedError

    def forward(self, img: Any) -> Any:
        return self.change(img) if between(0.0, 1.0) < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomInvert(_Sometimes):
    """With probability `p` the negative; see :func:`invert`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def change(self, img: Any) -> Any:
        """See :func:`invert`."""
        return invert(img)


class RandomPosterize(_Sometimes):
    """With probability `p` only the highest `bits`; see :func:`posterize`."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def change(self, img: Any) -> Any:
        """See :func:`posterize`."""
        return posterize(img, self.bits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(_Sometimes):
    """With probability `p` the light values inverted; see :func:`solarize`."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def change(self, img: Any) -> Any:
        """See :func:`solarize`."""
        return solarize(img, self.threshold)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(_Sometimes):
    """With probability `p` sharper or softer; see :func:`adjust_sharpness`."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def change(self, img: Any) -> Any:
        """See :func:`adjust_sharpness`."""
        return adjust_sharpness(img, self.sharpness_factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sharpness_factor={self.sharpness_factor},p={self.p})"


class RandomAutocontrast(_Sometimes):
    """With probability `p` the contrast stretched; see :func:`autocontrast`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def change(self, img: Any) -> Any:
        """See :func:`autocontrast`."""
        return autocontrast(img)


class RandomEqualize(_Sometimes):
    """With probability `p` the histogram made even; see :func:`equalize`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def change(self, img: Any) -> Any:
        """See :func:`equalize`."""
        return equalize(img)
