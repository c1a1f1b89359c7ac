"""RandomCrop with the draws of torchvision.transforms.v2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.transforms import crop
from minicnn.transforms.draws import whole
from minicnn.transforms.image import height_width
from minicnn.transforms.v2.sample import on_image


class RandomCrop(crop.RandomCrop):
    """A random part of size (h, w), of the image padded by `padding`. Draws the top and the left edge, each only where
    there is a choice. ValueError if the crop is larger than the image."""

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Draw (top, left, height, width) of a crop of `output_size` = (h, w)."""
        (height, width), (crop_height, crop_width) = height_width(img), output_size
        if height < crop_height or width < crop_width:
            raise ValueError(crop.too_large(crop_height, crop_width, height, width))
        top = whole(0, height - crop_height + 1) if height > crop_height else 0
        left = whole(0, width - crop_width + 1) if width > crop_width else 0
        return top, left, crop_height, crop_width

    def forward(self, *inputs: Any) -> Any:
        return on_image(super().forward, inputs)
