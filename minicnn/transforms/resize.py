"""Resize: Pillow's resampling, as torchvision calls it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn import kernels
from minicnn.autograd.tensor import Tensor
from minicnn.kernels.image_resize import Sizes
from minicnn.transforms.image import check_image, height_width, in_one_piece


class InterpolationMode(Enum):
    """How new pixels are made of old ones."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PILLOW = {  # the numbers of PIL.Image.Resampling, which are also accepted for `interpolation`
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}


class Resize:
    """A PIL image in another size: `size` is (h, w), or one number for the shorter edge, the ratio kept.

    With one number `max_size` limits the longer edge. Pillow's bilinear and bicubic filters widen when the
    image shrinks (anti-aliasing) whatever `antialias` says. TypeError for a size or an interpolation of the
    wrong kind, and for tensors; ValueError for sizes that do not fit.

    >>> from PIL import Image
    >>> Resize((32, 32))(Image.new("L", (28, 28))).size
    (32, 32)
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        if not isinstance(size, int | Sequence) or isinstance(size, str):
            raise TypeError(f"`size` should be int or sequence. Got {size!r}, a {type(size).__name__}")
        edges = [size] if isinstance(size, int) else list(size)
        if len(edges) not in (1, 2):
            raise ValueError(f"`size` should be an int or have 1 or 2 values, got {size}")
        if any(edge <= 0 for edge in edges):
            raise ValueError(f"`size` should be positive, got {size}")
        if max_size is not None and len(edges) != 1:
            raise ValueError(f"`max_size` needs a `size` that is the shorter edge alone, got size={size}")
        if max_size is not None and max_size <= edges[0]:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the "
                f"smaller edge size = {size}"
            )
        self.size = size
        self.interpolation = _mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def __call__(self, img: Any) -> Any:
        if isinstance(img, Tensor):
            raise TypeError("Resize takes PIL images, got a Tensor: put Resize before ToTensor")
        check_image(img)
        height, width = self.new_size(*height_width(img))
        if (height, width) == height_width(img):
            return img
        return img.resize((width, height), _PILLOW[self.interpolation])

    def new_size(self, height: int, width: int) -> tuple[int, int]:
        """(h, w) of what becomes of an image of this height and width."""
        edges = [self.size] if isinstance(self.size, int) else list(self.size)
        if len(edges) == 2:
            return edges[0], edges[1]
        short, long = min(height, width), max(height, width)
        new_short, new_long = edges[0], int(edges[0] * long / short)
        if self.max_size is not None and new_long > self.max_size:
            new_short, new_long = int(self.max_size * new_short / new_long), self.max_size
        return (new_long, new_short) if width <= height else (new_short, new_long)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


def resize_batch(resize: Resize, images: NDArray[Any], indices: NDArray[np.int64]) -> NDArray[np.uint8] | None:
    """`resize` of the images numbered `indices`, of all in `images` (count, H, W) or (count, H, W, C): (N, C, h, w).

    None where the kernel does not do what Pillow does: for other than bilinear interpolation, and where an image
    gets lower but in another proportion to its width, for then it depends on Pillow's version which of the two it
    does first.
    """
    memory = in_one_piece(images)
    height, width = images.shape[1:3]
    new_height, new_width = resize.new_size(height, width)
    rows_first = new_height >= height or (height == width and new_height == new_width)
    if memory is None or resize.interpolation is not InterpolationMode.BILINEAR or not rows_first:
        return None
    channels = images.shape[3] if images.ndim == 4 else 1
    channels_last = images.ndim == 4 and memory is images
    sizes = Sizes(len(indices), len(images), channels, height, width, new_height, new_width, channels_last)
    (pixels,) = kernels.run("image_resize", sizes, memory.reshape(-1), indices)
    resized: NDArray[np.uint8] = pixels.reshape(len(indices), channels, new_height, new_width)
    return resized


def _mode(interpolation: InterpolationMode | int) -> InterpolationMode:
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    for mode, number in _PILLOW.items():
        if interpolation == number:
            return mode
    raise TypeError(
        "`interpolation` should be an InterpolationMode or a corresponding Pillow integer constant, "
        f"got {interpolation!r}"
    )
