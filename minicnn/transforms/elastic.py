"""Images drawn out of shape by a smooth random field, and images as vectors, mapped by a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.functional import linspace
from minicnn.functional.generator import default_generator
from minicnn.nn.module import Module
from minicnn.transforms.arguments import Fill, InterpolationMode, interpolation_mode
from minicnn.transforms.blur import gaussian_blur
from minicnn.transforms.convert import pil_to_tensor, to_pil_image
from minicnn.transforms.grid import sample
from minicnn.transforms.image import as_tensor, check_image, get_dimensions, is_pil, pixels_of

BILINEAR = InterpolationMode.BILINEAR


def elastic_transform(
    img: Any,
    displacement: Tensor,
    interpolation: InterpolationMode | int = BILINEAR,
    fill: Fill | None = None,
) -> Any:
    """The image whose pixel at each place comes from `displacement` (1, H, W, 2) beside it, in halves of the image
    across and down. TypeError unless it is a Tensor, ValueError for another shape."""
    check_image(img)
    mode = interpolation_mode(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError(f"Argument displacement should be a Tensor, got {type(displacement).__name__}")
    _, height, width = get_dimensions(img)
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, but given {tuple(displacement.shape)}"
        )
    if is_pil(img):
        moved = elastic_transform(pil_to_tensor(img), displacement, mode, fill)
        return to_pil_image(moved, img.mode)
    down, across = (linspace((1 - n) / n, (n - 1) / n, n).numpy() for n in (height, width))
    grid = np.stack(np.meshgrid(across, down), -1) + displacement.numpy()[0]
    return as_tensor(sample(pixels_of(img), grid, mode, fill))


class ElasticTransform(Module):
    """The image drawn out of shape: each pixel moves by up to `alpha` pixels (across, down), neighbours alike, the more
    the larger `sigma`. Draws two numbers a pixel.

    Source: Simard, Steinkraus & Platt 2003, "Best Practices for Convolutional Neural Networks Applied to Visual
    Document Analysis". TypeError for what are no numbers, ValueError for more than two of them.
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: InterpolationMode | int = BILINEAR,
        fill: Fill = 0,
    ) -> None:
        super().__init__()
        self.alpha, self.sigma = _pair(alpha, "alpha"), _pair(sigma, "sigma")
        self.interpolation = interpolation_mode(interpolation)
        if not isinstance(fill, int | float | list | tuple):
            raise TypeError(f"fill should be int or float or a list or tuple of them. Got {type(fill)}")
        self.fill = [float(value) for value in (fill if isinstance(fill, list | tuple) else [fill])]

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Tensor:
        """Draw the displacement (1, H, W, 2) of an image of `size` = (H, W)."""
        fields = []
        for strength, width, length in zip(alpha, sigma, (size[1], size[0]), strict=True):
            kind = dtypes.get_default_dtype().numpy
            field = Tensor(default_generator.uniform((1, 1, *size), dtype=kind) * kind.type(2) - kind.type(1))
            if width > 0:
                bell = int(8 * width + 1) | 1  # an odd number
                field = gaussian_blur(field, [bell, bell], list(sigma))
            fields.append(field.numpy()[0, 0] * kind.type(strength) / kind.type(length))
        return as_tensor(np.stack(fields, -1)[None])

    def forward(self, tensor: Any) -> Any:
        _, height, width = get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [height, width])
        return elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )


def _pair(value: Any, name: str) -> list[float]:
    if not isinstance(value, float | Sequence):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    values = [value] * 2 if isinstance(value, float) else list(value)
    if len(values) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(values)}")
    for element in values:
        if not isinstance(element, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return values


class LinearTransformation(Module):
    """(x - mean_vector) @ transformation_matrix of an image (..., C, H, W) as a vector of D = C·H·W numbers: whitening.

    ValueError unless the matrix is (D, D), the vector (D,) and both of one type and device; TypeError for PIL images.
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        rows, columns = transformation_matrix.shape
        if rows != columns:
            raise ValueError(f"transformation_matrix should be square. Got {rows, columns} rectangular matrix.")
        if mean_vector.shape[0] != rows:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.shape[0]} as any one of the dimensions of the "
                f"transformation_matrix {(rows, columns)}"
            )
        if transformation_matrix.device != mean_vector.device or transformation_matrix.dtype != mean_vector.dtype:
            raise ValueError(
                "Input tensors should have the same dtype and device. Got "
                f"{transformation_matrix.dtype}, {transformation_matrix.device} and {mean_vector.dtype}, "
                f"{mean_vector.device}"
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        if is_pil(tensor):
            raise TypeError(f"{type(self).__name__}() takes a Tensor, got a PIL image: put ToTensor() first")
        shape, size = tensor.shape, self.transformation_matrix.shape[0]
        if shape[-3] * shape[-2] * shape[-1] != size:
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape. "
                f"[{shape[-3]} x {shape[-2]} x {shape[-1]}] != {size}"
            )
        vectors = tensor.reshape(-1, size) - self.mean_vector
        mapped: Tensor = (vectors @ self.transformation_matrix.to(vectors.dtype)).reshape(shape)
        return mapped

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )
