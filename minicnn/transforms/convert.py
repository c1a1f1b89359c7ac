"""From images to tensors and back, and from values to values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.transforms.image import as_tensor, check_image, from_pil, is_pil

_INT16_MODE = "I;16" if sys.byteorder == "little" else "I;16B"
_MODE_OF_TYPE = {"uint8": "L", "int16": _INT16_MODE, "int32": "I", "float32": "F"}  # one channel
_MODES = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}  # the default first


class ToTensor:
    """A PIL image, or an array (H, W) or (H, W, C), as a tensor (C, H, W).

    Bytes become float32 in 0 ... 1 (divided by 255, rounded once); other types keep type and values.
    TypeError for what is no image; ValueError for an array that has not two or three axes.

    >>> ToTensor()(np.array([[0, 51, 255]], np.uint8))
    tensor([[[0.0000, 0.2000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Tensor:
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A PIL image as a tensor (C, H, W) of the image's own type and values. TypeError for anything else."""

    def __call__(self, pic: Any) -> Tensor:
        if not is_pil(pic):
            raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
        pixels = from_pil(pic)
        dtypes.from_numpy(pixels.dtype)  # TypeError for 16 bits without sign, which minicnn does not have
        return Tensor(pixels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a PIL image.

    Floating values are multiplied by 255 and cut off to bytes, unless `mode` is "F". Without `mode` it is L,
    LA, RGB or RGBA for 1 to 4 channels of bytes, I;16, I or F for one channel of int16, int32 or float32.
    TypeError for what is neither or a type that no mode has; ValueError for a shape or a mode that does not
    fit.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
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
        if pixels.dtype.kind == "f" and self.mode != "F":
            pixels = (pixels * 255).astype(np.uint8)
        mode = self._fitting_mode(pixels)
        height, width = pixels.shape[:2]
        return Image.frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())

    def _fitting_mode(self, pixels: NDArray[Any]) -> str:
        count, kind = pixels.shape[2], str(pixels.dtype)
        if count == 1:
            fitting = [_MODE_OF_TYPE[kind]] if kind in _MODE_OF_TYPE else []
        else:
            fitting = _MODES[count] if kind == "uint8" else []
        if not fitting:
            raise TypeError(f"Input type {kind} is not supported with {count} channels")
        if self.mode is not None and self.mode not in fitting:
            raise ValueError(
                f"Incorrect mode ({self.mode}) for {count} channels of {kind}. Should be one of {fitting}"
            )
        return self.mode or fitting[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize:
    """(x - mean) / std for each channel of a floating tensor (..., C, H, W), in its own type.

    `mean`, `std`: one number a channel. `inplace` writes into the tensor given.
    TypeError unless a floating Tensor is given; ValueError for fewer than three axes or a std that is zero.

    >>> Normalize((0.5,), (0.25,))(ToTensor()(np.array([[0, 51, 255]], np.uint8)))
    tensor([[[-2.0000, -1.2000,  2.0000]]])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, tensor: Tensor) -> Tensor:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(tensor)}: put ToTensor() first")
        pixels = tensor.numpy()
        if pixels.dtype.kind != "f":
            raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
        if pixels.ndim < 3:
            raise ValueError(
                "Expected tensor to be a tensor image of size (..., C, H, W). "
                f"Got tensor.size() = {tensor.shape}"
            )
        mean = np.asarray(self.mean, dtype=pixels.dtype)
        std = np.asarray(self.std, dtype=pixels.dtype)
        if (std == 0).any():
            raise ValueError(
                f"std evaluated to zero after conversion to {tensor.dtype}, "
                f"leading to division by zero: {self}"
            )
        for name, values in (("mean", mean), ("std", std)):
            if values.size not in (1, pixels.shape[-3]):
                raise ValueError(
                    f"`{name}` has {values.size} values, the image {pixels.shape[-3]} channels: {self}"
                )
        mean, std = (v[:, None, None] if v.ndim == 1 else v for v in (mean, std))  # (C, 1, 1)
        out = pixels if self.inplace else np.empty_like(pixels, order="C")
        np.subtract(pixels, mean, out=out)
        np.divide(out, std, out=out)
        return tensor if self.inplace else Tensor(out)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Grayscale:
    """Grey from colour: a PIL image of mode L (RGB for 3 channels), or a tensor (..., 1 or 3, H, W).

    Grey is 0.2989 R + 0.587 G + 0.114 B (ITU-R 601-2). ValueError unless `num_output_channels` is 1 or 3.
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        self.num_output_channels = num_output_channels

    def __call__(self, img: Any) -> Any:
        check_image(img)
        if self.num_output_channels not in (1, 3):
            raise ValueError(f"num_output_channels should be either 1 or 3, got {self.num_output_channels}")
        if is_pil(img):
            grey = img.convert("L")
            return grey if self.num_output_channels == 1 else grey.convert("RGB")
        pixels = img.numpy()
        if pixels.ndim < 3 or pixels.shape[-3] not in (1, 3):
            raise TypeError(f"Input image tensor permitted channel values are 1 or 3, found {img.shape}")
        if pixels.shape[-3] == 3:
            red, green, blue = (pixels[..., c, :, :] for c in range(3))
            kind = pixels.dtype if pixels.dtype.kind == "f" else np.dtype(np.float32)
            weights = np.array([0.2989, 0.587, 0.114], kind)
            grey = weights[0] * red + weights[1] * green + weights[2] * blue
            pixels = grey.astype(pixels.dtype)[..., None, :, :]
        return as_tensor(np.repeat(pixels, self.num_output_channels, axis=-3))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"
