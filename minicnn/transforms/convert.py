"""From images to tensors and back, and from values to values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.misfit import ToldAgain, telling
from minicnn.nn.module import Module
from minicnn.transforms.image import as_tensor, from_pil, is_pil, largest

_INT16_MODE = "I;16" if sys.byteorder == "little" else "I;16B"
_MODE_OF_TYPE = {"uint8": "L", "int16": _INT16_MODE, "int32": "I", "float32": "F"}  # one channel
_MODES = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}  # the default first


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array as a tensor (C, H, W); see :class:`ToTensor`."""
    if is_pil(pic):
        pixels = from_pil(pic)
        if pic.mode == "1":  # bools
            pixels = pixels.astype(np.uint8) * np.uint8(255)
        elif pic.mode == _INT16_MODE:
            pixels = pixels.astype(np.int16)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions, {pic.shape}")
        pixels = np.atleast_3d(pic).transpose(2, 0, 1)  # (C, H, W)
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if pixels.dtype == np.uint8:
        kind = dtypes.get_default_dtype().numpy
        return Tensor(np.divide(pixels, kind.type(255), dtype=kind, order="C"))
    return as_tensor(pixels)


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) of the image's own type and values. TypeError for anything else."""
    if not is_pil(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    pixels = from_pil(pic)
    dtypes.from_numpy(pixels.dtype)  # TypeError for 16 bits without sign, which minicnn does not have
    return Tensor(pixels)


def convert_image_dtype(image: Tensor, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """A tensor as another type, white staying white: 1 for floating types, else the type's largest number.

    RuntimeError where the floats are too coarse for the whole numbers.

    >>> convert_image_dtype(Tensor(np.array([[0, 51, 255]], np.uint8)))
    tensor([[0.0000, 0.2000, 1.0000]])
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"Input img should be Tensor Image, got {type(image)}")
    return image if image.dtype is dtype else as_tensor(convert_array(image.numpy(), dtype.numpy))


def convert_array(pixels: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    """What :func:`convert_image_dtype` does, on arrays."""
    if pixels.dtype == kind or (pixels.dtype.kind == "f" and kind.kind == "f"):
        return pixels.astype(kind, copy=False)
    white, new_white = largest(pixels.dtype), largest(kind)
    if pixels.dtype.kind == "f":
        if (pixels.dtype.itemsize <= 4 <= kind.itemsize and kind.kind == "i") or kind == np.int64:
            raise RuntimeError(f"The cast from {pixels.dtype} to {kind} cannot be performed safely.")
        return (pixels * pixels.dtype.type(new_white + 1.0 - 1e-3)).astype(kind)  # so that 1 is the largest number
    if kind.kind == "f":
        return pixels.astype(kind) / kind.type(white)
    if white > new_white:
        return (pixels // pixels.dtype.type((white + 1) // (new_white + 1))).astype(kind)
    return pixels.astype(kind) * kind.type((new_white + 1) // (white + 1))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor or an array as a PIL image; see :class:`ToPILImage`."""
    from PIL import Image

    if isinstance(pic, Tensor):
        pixels = pic.numpy(force=True)
        if pixels.ndim == 3:
            pixels = pixels.transpose(1, 2, 0)  # (H, W, C)
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pixels.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pixels.ndim} dimensions.")
    pixels = np.atleast_3d(pixels)
    if pixels.shape[2] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {pixels.shape[2]} channels.")
    if pixels.dtype.kind == "f" and mode != "F":
        pixels = (pixels * 255).astype(np.uint8)
    mode = _fitting_mode(pixels, mode)
    height, width = pixels.shape[:2]
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())


def _fitting_mode(pixels: NDArray[Any], mode: str | None) -> str:
    count, kind = pixels.shape[2], str(pixels.dtype)
    if count == 1:
        fitting = [_MODE_OF_TYPE[kind]] if kind in _MODE_OF_TYPE else []
    else:
        fitting = _MODES[count] if kind == "uint8" else []
    if not fitting:
        raise TypeError(f"Input type {kind} is not supported with {count} channels")
    if mode is not None and mode not in fitting:
        raise ValueError(f"Incorrect mode ({mode}) for {count} channels of {kind}. Should be one of {fitting}")
    return mode or fitting[0]


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(x - mean) / std for each channel of a floating tensor; see :class:`Normalize`."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}: put ToTensor() first")
    pixels = tensor.detach().numpy()
    if pixels.dtype.kind != "f":
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if pixels.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.shape}"
        )
    means, deviations = (np.asarray(values, dtype=pixels.dtype) for values in (mean, std))
    told = f"Normalize(mean={mean}, std={std})"
    if (deviations == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero: {told}"
        )
    for name, values in (("mean", means), ("std", deviations)):
        if values.size not in (1, pixels.shape[-3]):
            raise ValueError(
                f"`{name}` has {values.size} values, expected 1 or as many as the image has channels, "
                f"{pixels.shape[-3]}: {told}"
            )
    means, deviations = (v[:, None, None] if v.ndim == 1 else v for v in (means, deviations))  # (C, 1, 1)
    if tensor.requires_grad:  # the image is what is learned: adversarial examples, style transfer
        shift, scale = Tensor(means), Tensor(deviations)
        return tensor.sub_(shift).div_(scale) if inplace else (tensor - shift) / scale
    out = pixels if inplace else np.empty_like(pixels, order="C")
    np.subtract(pixels, means, out=out)
    np.divide(out, deviations, out=out)
    return tensor if inplace else Tensor(out)


class ToTensor:
    """A PIL image, or an array (H, W) or (H, W, C), as a tensor (C, H, W).

    Bytes become float32 in 0 ... 1 (divided by 255, rounded once); other types keep type and values.
    TypeError for what is no image; ValueError for an array that has not two or three axes.

    >>> ToTensor()(np.array([[0, 51, 255]], np.uint8))
    tensor([[[0.0000, 0.2000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        return to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A PIL image as a tensor (C, H, W) of the image's own type and values. TypeError for anything else."""

    def __call__(self, pic: Any) -> Tensor:
        return pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    """A tensor as another type, white staying white; see :func:`convert_image_dtype`."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return convert_image_dtype(image, self.dtype)


class ToPILImage(ToldAgain):
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a PIL image.

    Floating values are multiplied by 255 and cut off to bytes, unless `mode` is "F". Without `mode` it is L,
    LA, RGB or RGBA for 1 to 4 channels of bytes, I;16, I or F for one channel of int16, int32 or float32.
    TypeError for what is neither or a type that no mode has; ValueError for a shape or a mode that does not
    fit.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    @telling
    def __call__(self, pic: Any) -> Any:
        return to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize(Module):
    """(x - mean) / std for each channel of a floating tensor (..., C, H, W), in its own type.

    `mean`, `std`: one number a channel. `inplace` writes into the tensor given.
    TypeError unless a floating Tensor is given; ValueError for fewer than three axes or a std that is zero.

    >>> Normalize((0.5,), (0.25,))(ToTensor()(np.array([[0, 51, 255]], np.uint8)))
    tensor([[[-2.0000, -1.2000,  2.0000]]])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"
