"""Rotations, affine and projective maps of PIL images and tensors (..., H, W)."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.nn.module import Module
from minicnn.transforms.arguments import (
    PILLOW,
    Fill,
    InterpolationMode,
    angles,
    check_fill,
    check_sequence,
    colour,
    fill_of,
    interpolation_mode,
)
from minicnn.transforms.draws import between, happens, whole
from minicnn.transforms.grid import affine_grid, projective_grid, rotated_size, sample
from minicnn.transforms.image import as_tensor, height_width, is_pil, pixels_of

NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill | None = None,
) -> Any:
    """The image turned by `angle` degrees, counter-clockwise, around `center` = (x, y), by default its middle.

    `expand` makes the image as large as the turned one; `fill` (0) is what comes in from outside.
    """
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError(f"Argument angle should be int or float, got {angle!r}")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError(f"Argument center should be a sequence, got {center!r}")
    height, width = height_width(img)
    if is_pil(img):
        return img.rotate(angle, PILLOW[mode], expand, center, fillcolor=colour(fill, img))
    middle = (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)
    matrix = inverse_affine_matrix(middle, -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    new_width, new_height = rotated_size(matrix, width, height) if expand else (width, height)
    pixels = pixels_of(img)
    grid = affine_grid(matrix, (width, height), (new_width, new_height), pixels.dtype)
    return as_tensor(sample(pixels, grid, mode, fill))


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = NEAREST,
    fill: Fill | None = None,
    center: Sequence[float] | None = None,
) -> Any:
    """The image turned by `angle` degrees (clockwise), moved by `translate` = (x, y) pixels, enlarged by `scale`,
    and slanted by `shear` = (x, y) degrees, all around `center` = (x, y), by default its middle."""
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError(f"Argument angle should be int or float, got {angle!r}")
    for name, value in (("translate", translate), ("center", center)):
        if not isinstance(value, list | tuple) and not (name == "center" and value is None):
            raise TypeError(f"Argument {name} should be a sequence, got {value!r}")
    if len(translate) != 2:
        raise ValueError(f"Argument translate should be a sequence of length 2, got {translate!r}")
    if scale <= 0.0:
        raise ValueError(f"Argument scale should be positive, got {scale}")
    if not isinstance(shear, numbers.Number | list | tuple):
        raise TypeError(f"Shear should be either a single value or a sequence of two values, got {shear!r}")
    slant: list[Any] = list(shear) if isinstance(shear, list | tuple) else [shear, 0.0]
    slant = slant * 2 if len(slant) == 1 else slant
    if len(slant) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear!r}")
    height, width = height_width(img)
    if is_pil(img):
        from PIL import Image

        middle = [width * 0.5, height * 0.5] if center is None else center
        matrix = inverse_affine_matrix(middle, angle, translate, scale, slant)
        return img.transform(img.size, Image.Transform.AFFINE, matrix, PILLOW[mode], fillcolor=colour(fill, img))
    middle = (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)
    matrix = inverse_affine_matrix(middle, angle, translate, scale, slant)
    pixels = pixels_of(img)
    return as_tensor(sample(pixels, affine_grid(matrix, (width, height), (width, height), pixels.dtype), mode, fill))


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = BILINEAR,
    fill: Fill | None = None,
) -> Any:
    """The image seen from another place: its four corners `startpoints`, (x, y) each, come to lie at `endpoints`."""
    coefficients = _perspective_coefficients(startpoints, endpoints)
    mode = interpolation_mode(interpolation)
    height, width = height_width(img)
    if is_pil(img):
        from PIL import Image

        return img.transform(
            img.size, Image.Transform.PERSPECTIVE, coefficients, PILLOW[mode], fillcolor=colour(fill, img)
        )
    pixels = pixels_of(img)
    return as_tensor(sample(pixels, projective_grid(coefficients, width, height, pixels.dtype), mode, fill))


def inverse_affine_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]
) -> list[float]:
    """The first two rows of M⁻¹ that take a place (x, y, 1) of the new image to one of the old.

        M = T(translate) · T(center) · R(angle) · Sy(shear y) · Sx(shear x) · scale · T(-center)

    with R·Sy·Sx = [[a, b], [c, d]], whose determinant is 1, so that its inverse is [[d, -b], [-c, a]].
    """
    rotation, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(rotation - sy) / math.cos(sy)
    b = -math.cos(rotation - sy) * math.tan(sx) / math.cos(sy) - math.sin(rotation)
    c = math.sin(rotation - sy) / math.cos(sy)
    d = -math.sin(rotation - sy) * math.tan(sx) / math.cos(sy) + math.cos(rotation)
    rows = [[d / scale, -b / scale], [-c / scale, a / scale]]
    (x, y), (dx, dy) = center, translate
    moved = [0.0 + row[0] * (-x - dx) + row[1] * (-y - dy) for row in rows]
    return [*rows[0], moved[0] + x, *rows[1], moved[1] + y]


def _perspective_coefficients(startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]) -> list[float]:
    """(a ... h) with x' = (a x + b y + c) / (g x + h y + 1), y' = (d x + e y + f) / (g x + h y + 1) from the new
    image's places to the old one's: eight equations for eight numbers, which are rounded to float32."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and {len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solution = np.linalg.solve(np.array(rows, np.float64), np.array(startpoints, np.float64).reshape(8))
    coefficients: list[float] = solution.astype(np.float32).tolist()
    return coefficients


class RandomRotation(Module):
    """The image turned by an angle drawn from `degrees`, (smallest, largest), or from -degrees to degrees.

    The other arguments are :func:`rotate`'s. Draws one number.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Fill | None = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center
        self.interpolation = interpolation_mode(interpolation)
        self.expand = expand
        self.fill = check_fill(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draw the angle."""
        return between(float(degrees[0]), float(degrees[1]))

    def forward(self, img: Any) -> Any:
        fill = fill_of(self.fill, img)
        return rotate(img, self.get_params(self.degrees), self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        centre = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}, "
            f"expand={self.expand}{centre}, fill={self.fill})"
        )


class RandomAffine(Module):
    """The image turned, moved, enlarged and slanted at random.

    `degrees` as for :class:`RandomRotation`; `translate` (a, b) moves by up to a times the width and b times the
    height; `scale` (smallest, largest); `shear` degrees along x: a number, (smallest, largest), or four numbers for
    x and y. What is None is left alone. Draws the angle, the moves across and down, the scale, the shears, those
    that are asked for. ValueError for ranges that make no sense.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode | int = NEAREST,
        fill: Fill | None = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        if translate is not None:
            check_sequence(translate, "translate", (2,))
            if not all(0.0 <= part <= 1.0 for part in translate):
                raise ValueError(f"translation values should be between 0 and 1, got {translate}")
        self.translate = translate
        if scale is not None:
            check_sequence(scale, "scale", (2,))
            if any(factor <= 0 for factor in scale):
                raise ValueError(f"scale values should be positive, got {scale}")
        self.scale = scale
        self.shear = None if shear is None else angles(shear, "shear", (2, 4))
        self.interpolation = interpolation_mode(interpolation)
        self.fill = check_fill(fill)
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Draw (angle, (right, down), scale, (shear x, shear y)) for an image of `img_size` = (width, height)."""
        angle = between(float(degrees[0]), float(degrees[1]))
        right = down = 0
        if translate is not None:
            farthest = float(translate[0] * img_size[0]), float(translate[1] * img_size[1])
            right, down = (round(between(-most, most)) for most in farthest)
        scale = 1.0 if scale_ranges is None else between(scale_ranges[0], scale_ranges[1])
        shear_x = 0.0 if shears is None else between(shears[0], shears[1])
        shear_y = between(shears[2], shears[3]) if shears is not None and len(shears) == 4 else 0.0
        return angle, (right, down), scale, (shear_x, shear_y)

    def forward(self, img: Any) -> Any:
        fill = fill_of(self.fill, img)
        height, width = height_width(img)
        drawn = self.get_params(self.degrees, self.translate, self.scale, self.shear, (width, height))
        return affine(img, *drawn, interpolation=self.interpolation, fill=fill, center=self.center)

    def __repr__(self) -> str:
        given = {"translate": self.translate, "scale": self.scale, "shear": self.shear}
        if self.interpolation is not NEAREST:
            given["interpolation"] = self.interpolation.value  # type: ignore[assignment]
        if self.fill != 0:
            given["fill"] = self.fill  # type: ignore[assignment]
        given["center"] = self.center
        told = "".join(f", {name}={value}" for name, value in given.items() if value is not None)
        return f"{type(self).__name__}(degrees={self.degrees}{told})"


class RandomPerspective(Module):
    """With probability `p`, the image as seen from aside: each corner moves inwards by up to `distortion_scale` / 2.

    Draws whether; then for the corners top left, top right, bottom right, bottom left x and y. Places that fall just
    between two pixels may go to the other one than in torchvision, whose map carries the rounding of another solver.
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode | int = BILINEAR,
        fill: Fill | None = 0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = interpolation_mode(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = check_fill(fill)

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[list[list[int]], list[list[int]]]:
        """Draw (startpoints, endpoints) for :func:`perspective`."""
        across, down = int(distortion_scale * (width // 2)), int(distortion_scale * (height // 2))
        left, right = (0, across + 1), (width - across - 1, width)
        top, bottom = (0, down + 1), (height - down - 1, height)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        endpoints = [[whole(*x), whole(*y)] for x, y in corners]
        return [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], endpoints

    def forward(self, img: Any) -> Any:
        fill = fill_of(self.fill, img)
        height, width = height_width(img)
        if not happens(self.p):
            return img
        return perspective(img, *self.get_params(width, height, self.distortion_scale), self.interpolation, fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"
