"""What transforms need to know of images: PIL images are (W, H), tensors (..., C, H, W)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn.autograd.tensor import Tensor


def is_pil(img: Any) -> bool:
    """Whether `img` is a PIL image. Where nobody has imported Pillow it is none."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(img, pil.Image)


def check_image(img: Any) -> None:
    """TypeError unless `img` is a PIL image or a Tensor with at least two axes."""
    if not (is_pil(img) or (isinstance(img, Tensor) and len(img.shape) >= 2)):
        shape = f" of shape {tuple(img.shape)}" if isinstance(img, Tensor) else ""
        raise TypeError(f"`img` should be a PIL image or a Tensor (..., H, W). Got {type(img)}{shape}")


def height_width(img: Any) -> tuple[int, int]:
    """H, W of a PIL image or of a tensor (..., H, W)."""
    check_image(img)
    return (img.height, img.width) if is_pil(img) else (img.shape[-2], img.shape[-1])


def get_dimensions(img: Any) -> list[int]:
    """[C, H, W] of a PIL image or a tensor (..., C, H, W); a tensor (H, W) has one channel."""
    height, width = height_width(img)
    count = channels(img) if is_pil(img) else 1 if len(img.shape) == 2 else img.shape[-3]
    return [count, height, width]


def get_image_size(img: Any) -> list[int]:
    """[W, H] of a PIL image or a tensor (..., H, W)."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """C of a PIL image or a tensor (..., C, H, W); a tensor (H, W) has one channel."""
    return get_dimensions(img)[0]


def channels(img: Any) -> int:
    """The number of bands of a PIL image."""
    return len(img.getbands())


def pixels_of(img: Any) -> NDArray[Any]:
    """The pixels of a tensor (..., H, W), as they lie in memory."""
    check_image(img)
    pixels: NDArray[Any] = img.numpy()
    return pixels


def check_channels(img: Tensor) -> int:
    """C of a tensor (..., C, H, W); TypeError unless it is 1 or 3."""
    count = get_dimensions(img)[0]
    if count not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are [1, 3], but found {count}")
    return count


def largest(kind: np.dtype[Any]) -> int:
    """White: 1 in floating images, else the largest number of the type."""
    return 1 if kind.kind in "fb" else int(np.iinfo(kind).max)


def floating(pixels: NDArray[Any]) -> np.dtype[Any]:
    """The type in which to compute with `pixels`: their own, or float32 for whole numbers."""
    return pixels.dtype if pixels.dtype.kind == "f" else np.dtype(np.float32)


def from_pil(img: Any) -> NDArray[Any]:
    """The pixels of a PIL image, in PIL's own type, as a new array (C, H, W)."""
    pixels = np.array(img).reshape(img.height, img.width, channels(img))  # (H, W, C)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (C, H, W)


def as_tensor(pixels: NDArray[Any]) -> Tensor:
    """A tensor, in C order, with these pixels, which may be a view with any strides."""
    return Tensor(np.ascontiguousarray(pixels))


def in_one_piece(images: NDArray[Any]) -> NDArray[Any] | None:
    """The array whose memory the kernel can read: (count, H, W), (count, H, W, C) or (count, C, H, W) of bytes.

    None if `images` (count, H, W) or (count, H, W, C) lie in memory in another way.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.size == 0:
        return None
    planes = images.transpose(0, 3, 1, 2) if images.ndim == 4 else images
    return next((array for array in (images, planes) if array.flags.carray), None)
