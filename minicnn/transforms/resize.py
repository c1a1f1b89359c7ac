"""Resize: Pillow's resampling of PIL images, PyTorch's of tensors, as torchvision calls them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn import kernels
from minicnn.kernels.image_resize import Sizes
from minicnn.nn.module import Module
from minicnn.transforms.arguments import PILLOW, InterpolationMode, interpolation_mode
from minicnn.transforms.image import as_tensor, check_image, height_width, in_one_piece, is_pil, pixels_of
from minicnn.transforms.resample import resample

_TENSOR_MODES = ("nearest", "nearest-exact", "bilinear", "bicubic")
_ALWAYS = "Anti-alias option is always applied for PIL Image input. Argument antialias is ignored."


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """A PIL image or a tensor (..., H, W) in another size; see :class:`Resize` for the arguments."""
    return Resize(size, interpolation, max_size, antialias)(img)


def resized(img: Any, height: int, width: int, interpolation: InterpolationMode, antialias: bool | None) -> Any:
    """The image with `height` × `width` pixels; the same object if it has them."""
    if (height, width) == height_width(img):
        return img
    if is_pil(img):
        if antialias is False:
            warnings.warn(_ALWAYS, stacklevel=2)
        return img.resize((width, height), PILLOW[interpolation])
    mode = interpolation.value
    if mode not in _TENSOR_MODES:
        raise NotImplementedError(f"Resize: a tensor can be resized in the modes {_TENSOR_MODES}, got {mode!r}")
    return as_tensor(resample(pixels_of(img), height, width, mode, bool(antialias)))


class Resize(Module):
    """An image in another size: `size` is (h, w), or one number for the shorter edge, the ratio kept.

    With one number `max_size` limits the longer edge. Filters widen when the image shrinks (anti-aliasing); of
    tensors only the bilinear and the bicubic one, and these not with `antialias=False`, which PIL images ignore with
    a warning. Tensors know no other modes than these two and the nearest pixel. TypeError for a size or an
    interpolation of the wrong kind; ValueError for sizes that do not fit, NotImplementedError for modes that tensors
    do not know.

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
        super().__init__()
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
        self.interpolation = interpolation_mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        check_image(img)
        return resized(img, *self.new_size(*height_width(img)), self.interpolation, self.antialias)

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

    None where the kernel does not do what Pillow does: for other than bilinear interpolation, for `antialias=False`
    (of which Resize warns), and where an image
    gets lower but in another proportion to its width, for then it depends on Pillow's version which of the two it
    does first.
    """
    memory = in_one_piece(images)
    height, width = images.shape[1:3]
    new_height, new_width = resize.new_size(height, width)
    rows_first = new_height >= height or (height == width and new_height == new_width)
    usual = resize.interpolation is InterpolationMode.BILINEAR and resize.antialias is not False
    if memory is None or not usual or not rows_first:
        return None
    channels = images.shape[3] if images.ndim == 4 else 1
    channels_last = images.ndim == 4 and memory is images
    sizes = Sizes(len(indices), len(images), channels, height, width, new_height, new_width, channels_last)
    (pixels,) = kernels.run("image_resize", sizes, memory.reshape(-1), indices)
    resized: NDArray[np.uint8] = pixels.reshape(len(indices), channels, new_height, new_width)
    return resized
