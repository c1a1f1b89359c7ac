"""From images to tensors and from one type to another, as torchvision.transforms.v2 has it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.transforms import convert
from minicnn.transforms.image import as_tensor, is_pil, largest
from minicnn.transforms.v2.sample import Transform, on_image


def to_image(inpt: Any) -> Tensor:
    """A PIL image, or an array (H, W) or (H, W, C), as a tensor (C, H, W) of its own type and values; a tensor as it
    is. TypeError for anything else.

    >>> to_image(np.array([[0, 51, 255]], np.uint8))
    tensor([[[  0,  51, 255]]], dtype=minicnn.uint8)
    """
    if isinstance(inpt, Tensor):
        return inpt
    if is_pil(inpt):
        return convert.pil_to_tensor(inpt)
    if not isinstance(inpt, np.ndarray | np.generic):
        raise TypeError(f"Input can either be a Tensor, an array, or a PIL image, but got {type(inpt)} instead.")
    return as_tensor(np.atleast_3d(inpt).transpose(2, 0, 1))


def to_dtype(inpt: Tensor, dtype: dtypes.dtype = dtypes.float32, scale: bool = False) -> Tensor:
    """A tensor as another type; with `scale` white stays white (255 becomes 1.0). TypeError for a PIL image."""
    if not isinstance(inpt, Tensor):
        raise TypeError(f"`inpt` should be a Tensor, got {type(inpt).__name__}: put ToImage() first")
    if scale and dtype.is_floating_point and not inpt.is_floating_point():
        return inpt.to(dtype) * (1.0 / largest(inpt.numpy().dtype))  # the older functions divide: other last bits
    return convert.convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


class ToImage(Transform):
    """PIL images and arrays as tensors (C, H, W); see :func:`to_image`. torchvision's result is a Tensor that calls
    itself an Image; here it is a plain one."""

    def forward(self, *inputs: Any) -> Any:
        if len(inputs) == 1 and isinstance(inputs[0], np.ndarray):
            return to_image(inputs[0])
        return on_image(to_image, inputs)


class ToDtype(Transform):
    """Tensors as another type; see :func:`to_dtype`. TypeError unless `dtype` is a dtype."""

    def __init__(self, dtype: dtypes.dtype, scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, dtypes.dtype):
            raise TypeError(f"`dtype` must be a dtype, got {dtype!r}; a dict of several kinds of input is not taken")
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        """The tensor."""
        return to_dtype(inpt, self.dtype, self.scale)

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


class ToPureTensor(Transform):
    """The sample as it is: tensors are plain ones already."""

    def forward(self, *inputs: Any) -> Any:
        return inputs if len(inputs) > 1 else inputs[0]


class Identity(ToPureTensor):
    """The sample as it is."""


class RGB(Transform):
    """The image with three channels. PIL images are converted, the one channel of a tensor is repeated."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image."""
        if is_pil(inpt):
            return inpt.convert("RGB")
        count = inpt.shape[-3]
        if count not in (1, 3):
            raise TypeError(f"`inpt` should have 1 or 3 channels, got {count}")
        return inpt if count == 3 else inpt.expand(*inpt.shape[:-3], 3, *inpt.shape[-2:])


class ToTensor(Transform):
    """A PIL image or an array as a tensor in 0 ... 1; a warning says that ToImage and ToDtype do it now."""

    def __init__(self) -> None:
        super().__init__()
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future release. Instead, please use "
            "`v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])`."
            "Output is equivalent up to float precision.",
            stacklevel=3,
        )

    def forward(self, *inputs: Any) -> Any:
        if len(inputs) == 1 and isinstance(inputs[0], np.ndarray):
            return convert.to_tensor(inputs[0])
        return on_image(lambda image: image if isinstance(image, Tensor) else convert.to_tensor(image), inputs)
