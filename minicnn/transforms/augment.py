"""Ready-made augmentation: one or two changes out of fourteen, of a strength that is drawn or given.

Sources: Cubuk et al. 2019, "AutoAugment: Learning Augmentation Strategies from Data", appendix;
Cubuk et al. 2020, "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space";
Müller & Hutter 2021, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.functional import linspace
from minicnn.functional.generator import default_generator
from minicnn.nn.module import Module
from minicnn.transforms import colour, tones, warp
from minicnn.transforms.arguments import Fill, InterpolationMode, fill_of
from minicnn.transforms.draws import whole
from minicnn.transforms.image import height_width

NEAREST = InterpolationMode.NEAREST
Strengths = dict[str, list[float] | None]  # of each change, from weak to strong; None if it has none
Options = dict[str, Any]  # interpolation and fill

SIGNED = {"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"}


def _sheared(x: float, y: float) -> Callable[[Any, float, Options], Any]:
    def change(img: Any, strength: float, options: Options) -> Any:
        degrees = math.degrees(math.atan(strength))
        return warp.affine(img, 0.0, [0, 0], 1.0, [x * degrees, y * degrees], center=[0, 0], **options)

    return change


def _moved(x: int, y: int) -> Callable[[Any, float, Options], Any]:
    def change(img: Any, strength: float, options: Options) -> Any:
        return warp.affine(img, 0.0, [x * int(strength), y * int(strength)], 1.0, [0.0, 0.0], **options)

    return change


_CHANGES: dict[str, Callable[[Any, float, Options], Any]] = {
    "Identity": lambda img, strength, options: img,
    "ShearX": _sheared(1, 0),
    "ShearY": _sheared(0, 1),
    "TranslateX": _moved(1, 0),
    "TranslateY": _moved(0, 1),
    "Rotate": lambda img, strength, options: warp.rotate(img, strength, **options),
    "Brightness": lambda img, strength, options: colour.adjust_brightness(img, 1.0 + strength),
    "Color": lambda img, strength, options: colour.adjust_saturation(img, 1.0 + strength),
    "Contrast": lambda img, strength, options: colour.adjust_contrast(img, 1.0 + strength),
    "Sharpness": lambda img, strength, options: tones.adjust_sharpness(img, 1.0 + strength),
    "Posterize": lambda img, strength, options: tones.posterize(img, int(strength)),
    "Solarize": lambda img, strength, options: tones.solarize(img, strength),
    "AutoContrast": lambda img, strength, options: tones.autocontrast(img),
    "Equalize": lambda img, strength, options: tones.equalize(img),
    "Invert": lambda img, strength, options: tones.invert(img),
}


@lru_cache(maxsize=64)
def _strengths(
    count: int, shear: float, moves: tuple[float, float], angle: float, factor: float, bits: int
) -> Strengths:
    """`count` strengths of each change, up to those given; `moves` are across and down."""
    highest = {
        "Identity": None,
        "ShearX": shear,
        "ShearY": shear,
        "TranslateX": moves[0],
        "TranslateY": moves[1],
        "Rotate": angle,
        "Brightness": factor,
        "Color": factor,
        "Contrast": factor,
        "Sharpness": factor,
    }
    strengths: Strengths = {
        name: None if most is None else linspace(0.0, most, count).tolist() for name, most in highest.items()
    }
    cut = np.rint(np.arange(count, dtype=np.float32) / np.float32((count - 1) / bits))
    strengths["Posterize"] = (8 - cut).tolist()
    strengths["Solarize"] = linspace(255.0, 0.0, count).tolist()
    return {**strengths, "AutoContrast": None, "Equalize": None}


class _Augment(Module):
    """What the three share: how new pixels are made, and what comes in from outside the image."""

    def __init__(self, interpolation: InterpolationMode, fill: Fill | None) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def change(self, img: Any, name: str, strength: float) -> Any:
        """The image after the change `name`."""
        fill = None if self.fill is None else fill_of(self.fill, img)
        return _CHANGES[name](img, strength, {"interpolation": self.interpolation, "fill": fill})


class TrivialAugmentWide(_Augment):
    """One change of one strength, both drawn evenly. Draws the change, the strength of `num_magnitude_bins`, and
    which way, the latter two where the change has them."""

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: InterpolationMode = NEAREST, fill: Fill | None = None
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        strengths = wide_strengths(self.num_magnitude_bins)
        name = list(strengths)[whole(0, len(strengths))]
        scale = strengths[name]
        strength = 0.0 if scale is None else scale[whole(0, len(scale))]
        backwards = name in SIGNED and whole(0, 2) == 1
        return self.change(img, name, -strength if backwards else strength)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


class RandAugment(_Augment):
    """`num_ops` changes drawn evenly, each of the strength number `magnitude` of `num_magnitude_bins`. Draws each
    change and which way, where it has one."""

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = NEAREST,
        fill: Fill | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        strengths = scaled_strengths(self.num_magnitude_bins, img)
        for _ in range(self.num_ops):
            name = list(strengths)[whole(0, len(strengths))]
            scale = strengths[name]
            strength = 0.0 if scale is None else scale[self.magnitude]
            backwards = name in SIGNED and whole(0, 2) == 1
            img = self.change(img, name, -strength if backwards else strength)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, "
            f"num_magnitude_bins={self.num_magnitude_bins}, interpolation={self.interpolation}, fill={self.fill})"
        )


def wide_strengths(count: int) -> Strengths:
    """`count` strengths of each change of TrivialAugment."""
    return _strengths(count, 0.99, (32.0, 32.0), 135.0, 0.99, 6)


def scaled_strengths(count: int, img: Any) -> Strengths:
    """`count` strengths of each change of the two others, for an image of this size."""
    height, width = height_width(img)
    return _strengths(count, 0.3, (150.0 / 331.0 * width, 150.0 / 331.0 * height), 30.0, 0.9, 4)


class AutoAugmentPolicy(Enum):
    """The data set on which the pairs of changes were learnt."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


_LEARNT = {  # pairs of change, probability, strength from 0 to 9
    AutoAugmentPolicy.IMAGENET: """
        Posterize 0.4 8 Rotate 0.6 9; Solarize 0.6 5 AutoContrast 0.6 -; Equalize 0.8 - Equalize 0.6 -;
        Posterize 0.6 7 Posterize 0.6 6; Equalize 0.4 - Solarize 0.2 4; Equalize 0.4 - Rotate 0.8 8;
        Solarize 0.6 3 Equalize 0.6 -; Posterize 0.8 5 Equalize 1.0 -; Rotate 0.2 3 Solarize 0.6 8;
        Equalize 0.6 - Posterize 0.4 6; Rotate 0.8 8 Color 0.4 0; Rotate 0.4 9 Equalize 0.6 -;
        Equalize 0.0 - Equalize 0.8 -; Invert 0.6 - Equalize 1.0 -; Color 0.6 4 Contrast 1.0 8;
        Rotate 0.8 8 Color 1.0 2; Color 0.8 8 Solarize 0.8 7; Sharpness 0.4 7 Invert 0.6 -;
        ShearX 0.6 5 Equalize 1.0 -; Color 0.4 0 Equalize 0.6 -; Equalize 0.4 - Solarize 0.2 4;
        Solarize 0.6 5 AutoContrast 0.6 -; Invert 0.6 - Equalize 1.0 -; Color 0.6 4 Contrast 1.0 8;
        Equalize 0.8 - Equalize 0.6 -""",
    AutoAugmentPolicy.CIFAR10: """
        Invert 0.1 - Contrast 0.2 6; Rotate 0.7 2 TranslateX 0.3 9; Sharpness 0.8 1 Sharpness 0.9 3;
        ShearY 0.5 8 TranslateY 0.7 9; AutoContrast 0.5 - Equalize 0.9 -; ShearY 0.2 7 Posterize 0.3 7;
        Color 0.4 3 Brightness 0.6 7; Sharpness 0.3 9 Brightness 0.7 9; Equalize 0.6 - Equalize 0.5 -;
        Contrast 0.6 7 Sharpness 0.6 5; Color 0.7 7 TranslateX 0.5 8; Equalize 0.3 - AutoContrast 0.4 -;
        TranslateY 0.4 3 Sharpness 0.2 6; Brightness 0.9 6 Color 0.2 8; Solarize 0.5 2 Invert 0.0 -;
        Equalize 0.2 - AutoContrast 0.6 -; Equalize 0.2 - Equalize 0.6 -; Color 0.9 9 Equalize 0.6 -;
        AutoContrast 0.8 - Solarize 0.2 8; Brightness 0.1 3 Color 0.7 0; Solarize 0.4 5 AutoContrast 0.9 -;
        TranslateY 0.9 9 TranslateY 0.7 9; AutoContrast 0.9 - Solarize 0.8 3; Equalize 0.8 - Invert 0.1 -;
        TranslateY 0.7 9 AutoContrast 0.9 -""",
    AutoAugmentPolicy.SVHN: """
        ShearX 0.9 4 Invert 0.2 -; ShearY 0.9 8 Invert 0.7 -; Equalize 0.6 - Solarize 0.6 6;
        Invert 0.9 - Equalize 0.6 -; Equalize 0.6 - Rotate 0.9 3; ShearX 0.9 4 AutoContrast 0.8 -;
        ShearY 0.9 8 Invert 0.4 -; ShearY 0.9 5 Solarize 0.2 6; Invert 0.9 - AutoContrast 0.8 -;
        Equalize 0.6 - Rotate 0.9 3; ShearX 0.9 4 Solarize 0.3 3; ShearY 0.8 8 Invert 0.7 -;
        Equalize 0.9 - TranslateY 0.6 6; Invert 0.9 - Equalize 0.6 -; Contrast 0.3 3 Rotate 0.8 4;
        Invert 0.8 - TranslateY 0.0 2; ShearY 0.7 6 Solarize 0.4 8; Invert 0.6 - Rotate 0.8 4;
        ShearY 0.3 7 TranslateX 0.9 3; ShearX 0.1 6 Invert 0.6 -; Solarize 0.7 2 TranslateY 0.6 7;
        ShearY 0.8 4 Invert 0.8 -; ShearX 0.7 9 TranslateY 0.8 3; ShearY 0.8 5 AutoContrast 0.7 -;
        ShearX 0.7 2 Invert 0.1 -""",
}
Change = tuple[str, float, int | None]


def _read(learnt: str) -> list[tuple[Change, Change]]:
    pairs = []
    for pair in learnt.split(";"):
        a, p, i, b, q, j = pair.split()
        pairs.append(((a, float(p), None if i == "-" else int(i)), (b, float(q), None if j == "-" else int(j))))
    return pairs


class AutoAugment(_Augment):
    """One of 25 pairs of changes that were found to help on `policy`. Draws the pair, two probabilities, two signs.

    ValueError for another policy.
    """

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = NEAREST,
        fill: Fill | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if policy not in _LEARNT:
            raise ValueError(f"The provided policy {policy!r} is not recognized, expected an AutoAugmentPolicy")
        self.policy = policy
        self.policies = _read(_LEARNT[policy])

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Any, Any]:
        """Draw (number of the pair, two numbers to hold against the probabilities, two signs)."""
        pair, kind = whole(0, transform_num), dtypes.get_default_dtype().numpy
        return pair, default_generator.uniform((2,), dtype=kind), default_generator.randint((2,), 0, 2)

    def forward(self, img: Any) -> Any:
        number, chances, signs = self.get_params(len(self.policies))
        strengths = scaled_strengths(10, img)
        for (name, p, level), chance, sign in zip(self.policies[number], chances, signs, strict=True):
            if chance <= p:
                scale = strengths.get(name)
                strength = 0.0 if level is None or scale is None else scale[level]
                img = self.change(img, name, -strength if name in SIGNED and sign == 0 else strength)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"
