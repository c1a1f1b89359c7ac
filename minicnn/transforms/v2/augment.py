"""Ready-made augmentation with the draws of torchvision.transforms.v2: a sign is drawn only where it matters."""

from __future__ import annotations

from typing import Any

from minicnn.functional import linspace
from minicnn.transforms import augment
from minicnn.transforms.draws import fraction, whole
from minicnn.transforms.image import is_pil, largest
from minicnn.transforms.v2.sample import on_image


def _changed(self: Any, img: Any, name: str, strength: float | None) -> Any:
    """The image after the change `name`, whose sign is drawn if it has one."""
    if strength is None:
        strength = 0.0
    elif name in augment.SIGNED and fraction() <= 0.5:
        strength = -strength
    return self.change(img, name, strength)


def _strengths(strengths: augment.Strengths, count: int, img: Any) -> augment.Strengths:
    """With the thresholds of Solarize as parts of white."""
    white = 255.0 if is_pil(img) else float(largest(img.numpy().dtype))
    return {**strengths, "Solarize": [white * part for part in linspace(1.0, 0.0, count).tolist()]}


class TrivialAugmentWide(augment.TrivialAugmentWide):
    """One change of one strength, both drawn evenly. Draws the change, its strength, and which way."""

    def forward(self, *inputs: Any) -> Any:
        return on_image(self._of, inputs)

    def _of(self, img: Any) -> Any:
        strengths = _strengths(augment.wide_strengths(self.num_magnitude_bins), self.num_magnitude_bins, img)
        name = list(strengths)[whole(0, len(strengths))]
        scale = strengths[name]
        strength = None if scale is None else scale[whole(0, self.num_magnitude_bins)]
        return _changed(self, img, name, strength)


class RandAugment(augment.RandAugment):
    """`num_ops` changes drawn evenly, each of the strength number `magnitude`. Draws each change, and which way."""

    def forward(self, *inputs: Any) -> Any:
        return on_image(self._of, inputs)

    def _of(self, img: Any) -> Any:
        strengths = _strengths(augment.scaled_strengths(self.num_magnitude_bins, img), self.num_magnitude_bins, img)
        for _ in range(self.num_ops):
            name = list(strengths)[whole(0, len(strengths))]
            scale = strengths[name]
            img = _changed(self, img, name, None if scale is None else scale[self.magnitude])
        return img


class AutoAugment(augment.AutoAugment):
    """One of 25 pairs of changes that were found to help on `policy`. Draws the pair; for each of the two whether it
    happens, and then which way."""

    def forward(self, *inputs: Any) -> Any:
        return on_image(self._of, inputs)

    def _of(self, img: Any) -> Any:
        pair = self.policies[whole(0, len(self.policies))]
        strengths = _strengths(augment.scaled_strengths(10, img), 10, img)
        for name, p, level in pair:
            if fraction() <= p:
                scale = strengths.get(name)
                img = _changed(self, img, name, None if scale is None or level is None else scale[level])
        return img
