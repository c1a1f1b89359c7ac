"""PIL images and tensors (..., H, W), left and right or top and bottom exchanged."""

from __future__ import annotations

from typing import Any

from minicnn.nn.module import Module
from minicnn.transforms.draws import happens
from minicnn.transforms.image import as_tensor, check_image, is_pil, pixels_of


def hflip(img: Any) -> Any:
    """The mirror image: left and right exchanged."""
    check_image(img)
    if is_pil(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return as_tensor(pixels_of(img)[..., ::-1])


def vflip(img: Any) -> Any:
    """The image upside down: top and bottom exchanged."""
    check_image(img)
    if is_pil(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return as_tensor(pixels_of(img)[..., ::-1, :])


class RandomHorizontalFlip(Module):
    """The image or, with probability `p`, its mirror image, left and right exchanged. Draws one number."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        check_image(img)
        return hflip(img) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    """The image or, with probability `p`, the image with top and bottom exchanged. Draws one number."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        check_image(img)
        return vflip(img) if happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"
