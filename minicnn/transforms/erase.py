"""A rectangle of a tensor (..., C, H, W) covered."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import default_generator
from minicnn.nn.module import Module
from minicnn.transforms.arguments import check_scale_and_ratio
from minicnn.transforms.crop import draw_area_and_aspect
from minicnn.transforms.draws import happens, whole
from minicnn.transforms.image import as_tensor, pixels_of

_TRIES = 10


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """The tensor with `v` in the rectangle of h × w pixels from (i, j) on; `inplace` writes into the tensor given.

    TypeError for what is no tensor.
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}: put ToTensor() first")
    pixels = pixels_of(img) if inplace else pixels_of(img).copy()
    pixels[..., i : i + h, j : j + w] = v.numpy()
    return img if inplace else as_tensor(pixels)


class RandomErasing(Module):
    """With probability `p`, a random rectangle of a tensor (..., C, H, W) covered.

    Its area is `scale` (smallest, largest) of the image's, its height `ratio` times its width. `value` is a number,
    one a channel, or "random" for standard normal noise. Draws whether; then area and ratio (even in its
    logarithm) up to ten times until the rectangle is smaller than the image (else the image stays), the noise, top
    and left edge. TypeError and ValueError for arguments of another kind.

    Source: Zhong et al. 2020, "Random Erasing Data Augmentation".
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, numbers.Number | str | tuple | list):
            raise TypeError(f"Argument value should be either a number or str or a sequence, got {value!r}")
        if isinstance(value, str) and value != "random":
            raise ValueError(f"If value is str, it should be 'random', got {value!r}")
        check_scale_and_ratio(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError(f"Scale should be between 0 and 1, got {scale}")
        if p < 0 or p > 1:
            raise ValueError(f"Random erasing probability should be between 0 and 1, got {p}")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Sequence[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        """Draw (top, left, height, width, what covers it); noise if `value` is None."""
        C, H, W = img.shape[-3:]
        for _ in range(_TRIES):
            area, aspect = draw_area_and_aspect(H * W, scale, ratio)
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if not (height < H and width < W):
                continue
            if value is None:
                cover = Tensor(default_generator.normal((C, height, width)))
            else:
                cover = Tensor(np.array(value, np.float32).reshape(-1, 1, 1))
            top = whole(0, H - height + 1)
            return top, whole(0, W - width + 1), height, width, cover
        return 0, 0, H, W, img

    def forward(self, img: Tensor) -> Tensor:
        if not happens(self.p):
            return img
        if not isinstance(img, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(img)}: put ToTensor() first")
        value: Any = self.value
        values = value if isinstance(value, tuple | list) else [value]
        cover = None if isinstance(value, str) else [float(v) for v in values]
        if cover is not None and len(cover) not in (1, img.shape[-3]):
            raise ValueError(
                f"If value is a sequence, it should have either a single value or {img.shape[-3]} "
                f"(number of input channels), got {value!r}"
            )
        return erase(img, *self.get_params(img, self.scale, self.ratio, cover), self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, "
            f"inplace={self.inplace})"
        )
