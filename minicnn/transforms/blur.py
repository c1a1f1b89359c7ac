"""Gaussian blur of PIL images and tensors (..., C, H, W)."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.nn.module import Module
from minicnn.transforms.arguments import two
from minicnn.transforms.convert import pil_to_tensor, to_pil_image
from minicnn.transforms.draws import between
from minicnn.transforms.image import as_tensor, check_image, floating, is_pil, pixels_of
from minicnn.transforms.resample import as_kind


def gaussian_blur(img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Any:
    """The image blurred by a bell of `kernel_size` (across, down) pixels, odd numbers, mirrored at the edges.

    `sigma`, the bell's standard deviation, across and down, is 0.15 · size + 0.35 if None. ValueError for sizes that
    are even or as large as twice the image, and for a `sigma` that is not positive.
    """
    check_image(img)
    if not isinstance(kernel_size, int | list | tuple):
        raise TypeError(f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}")
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    if sigma is not None and not isinstance(sigma, int | float | list | tuple):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    if sigma is None:
        widths = [size * 0.15 + 0.35 for size in sizes]
    else:
        widths = [float(sigma)] * 2 if isinstance(sigma, int | float) else list(sigma)
    widths = widths * 2 if len(widths) == 1 else widths
    if len(widths) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(widths)}")
    if any(width <= 0 for width in widths):
        raise ValueError(f"sigma should have positive values. Got {widths}")
    if is_pil(img):
        return to_pil_image(as_tensor(_blurred(pixels_of(pil_to_tensor(img)), sizes, widths)), img.mode)
    return as_tensor(_blurred(pixels_of(img), sizes, widths))


def _blurred(pixels: Any, sizes: Sequence[int], widths: Sequence[float]) -> Any:
    kind = floating(pixels)
    across, down = (_bell(size, width, kind) for size, width in zip(sizes, widths, strict=True))
    height, width = pixels.shape[-2:]
    for size, length in zip(sizes, (width, height), strict=True):
        if size // 2 >= length:
            raise ValueError(f"kernel_size {size} reaches beyond the mirrored image: its length is {length}")
    frame = [(0, 0)] * (pixels.ndim - 2) + [(sizes[1] // 2,) * 2, (sizes[0] // 2,) * 2]
    wide = np.pad(pixels.astype(kind, copy=False), frame, mode="reflect")
    total = np.zeros(pixels.shape, kind)
    for i, below in enumerate(down):
        for j, beside in enumerate(across):  # one rounding a step, as the processor's multiply-add does it for PyTorch
            exact = np.float64(below * beside) * wide[..., i : i + height, j : j + width] + total
            total = exact.astype(kind, copy=False)
    return as_kind(total, pixels.dtype)


def _bell(size: int, width: float, kind: np.dtype[Any]) -> Any:
    """exp(-x² / 2σ²) at `size` whole places around 0, which sum to 1."""
    places = np.arange(size, dtype=kind) - kind.type((size - 1) * 0.5)
    exponents = kind.type(-0.5) * (places / kind.type(width)) ** 2
    values = np.array([math.exp(exponent) for exponent in exponents.tolist()], kind)
    return values / kind.type(math.fsum(values.tolist()))


class GaussianBlur(Module):
    """The image blurred; the bell's width is drawn from `sigma`, (smallest, largest) or one number. Draws one number.

    `kernel_size` as for :func:`gaussian_blur`.
    """

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = two(kernel_size, "Kernel size should be a tuple/list of two integers")
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError(f"Kernel size value should be an odd and positive number, got {kernel_size}")
        if isinstance(sigma, numbers.Real):
            if sigma <= 0:
                raise ValueError(f"If sigma is a single number, it must be positive, got {sigma}")
            sigma = (sigma, sigma)  # type: ignore[assignment]
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError(f"sigma should be a single number or a list/tuple with length 2, got {sigma!r}")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError(f"sigma values should be positive and of the form (min, max), got {sigma}")
        self.sigma: Any = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """Draw the width."""
        return between(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return gaussian_blur(img, list(self.kernel_size), [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"
