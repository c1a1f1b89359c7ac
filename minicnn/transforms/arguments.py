"""Arguments that many transforms share: sizes, ranges, angles, fill colours, interpolation."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from enum import Enum
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.transforms.image import channels, get_dimensions

Fill = float | Sequence[float]


class InterpolationMode(Enum):
    """How new pixels are made of old ones."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


PILLOW = {  # the numbers of PIL.Image.Resampling, which are also accepted for `interpolation`
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}


def interpolation_mode(interpolation: InterpolationMode | int) -> InterpolationMode:
    """An `interpolation` argument as an InterpolationMode; TypeError for another one."""
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    for mode, number in PILLOW.items():
        if interpolation == number:
            return mode
    raise TypeError(
        "`interpolation` should be an InterpolationMode or a corresponding Pillow integer constant, "
        f"got {interpolation!r}"
    )


def two(size: int | Sequence[int], told: str = "Please provide only two dimensions (h, w) for size") -> Sequence[int]:
    """(h, w) from one number or a sequence of one or two; ValueError with the text `told` for more."""
    if not isinstance(size, Sequence):
        return int(size), int(size)
    if len(size) not in (1, 2):
        raise ValueError(f"{told}, got {size}")
    return size if len(size) == 2 else (size[0], size[0])


def check_sequence(value: Any, name: str, lengths: Sequence[int]) -> None:
    """TypeError unless `value` is a sequence, ValueError unless its length is one of `lengths`."""
    expected = f"{name} should be a sequence of length {' or '.join(map(str, lengths))}, got {value!r}"
    if not isinstance(value, Sequence):
        raise TypeError(expected)
    if len(value) not in lengths:
        raise ValueError(expected)


def angles(value: Any, name: str, lengths: Sequence[int] = (2,)) -> list[float]:
    """A range of angles: from -value to value for one number, which must not be negative."""
    if isinstance(value, numbers.Real):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive, got {value}")
        value = [-value, value]
    else:
        check_sequence(value, name, lengths)
    return [float(angle) for angle in value]


def check_scale_and_ratio(scale: Any, ratio: Any) -> None:
    """TypeError unless both are sequences; a warning unless both are (smallest, largest)."""
    for name, value in (("Scale", scale), ("Ratio", ratio)):
        if not isinstance(value, Sequence):
            raise TypeError(f"{name} should be a sequence, got {value!r}")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


def check_fill(fill: Any) -> Fill:
    """`fill`, or 0 for None; TypeError for what is neither a number nor one a channel."""
    if fill is not None and not isinstance(fill, Sequence | numbers.Number):
        raise TypeError(f"Fill should be either a sequence or a number, got {fill!r}")
    return 0 if fill is None else fill  # type: ignore[return-value]


def colour(fill: Fill | None, img: Any) -> Any:
    """`fill` as Pillow takes it for the PIL image `img`: a number, or one a channel; whole ones but in mode F."""
    count = channels(img)
    values: list[Any] = [0] if fill is None else list(fill) if isinstance(fill, Sequence) else [fill]
    if len(values) not in (1, count):
        raise ValueError(
            f"The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(values)} != {count})"
        )
    values = values if img.mode == "F" else [int(value) for value in values]
    return values[0] if count == 1 else tuple(values * (count // len(values)))


def fill_of(fill: Fill, img: Any) -> Any:
    """The `fill` that a random transform hands on: for tensors one float a channel."""
    if not isinstance(img, Tensor):
        return fill
    if isinstance(fill, int | float):
        return [float(fill)] * get_dimensions(img)[0]
    return [float(value) for value in fill]
