"""Batches mixed with themselves: each image with the one before it, and the labels in the same proportion."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import default_generator
from minicnn.functional.rearrange import roll
from minicnn.functional.sorting import one_hot
from minicnn.transforms import draws
from minicnn.transforms.image import is_pil
from minicnn.transforms.v2.sample import Transform, leaves, rebuilt

THIRD, FITTED = float(np.float32(1) / np.float32(3)), float(np.float32(0.0331))  # of float32 to PyTorch


def gamma(alpha: float) -> float:
    """A number of the gamma distribution of shape `alpha`, with PyTorch's draws.

    Source: Marsaglia & Tsang 2000, "A Simple Method for Generating Gamma Variables"; for alpha < 1 its section 6.
    """

    def uniform() -> float:
        return 1 - float(default_generator.uniform((1,), dtype=np.float64)[0])

    scale = 1.0
    if alpha < 1:
        scale, alpha = uniform() ** (1 / alpha), alpha + 1
    d = alpha - THIRD
    c = 1 / math.sqrt(9 * d)
    while True:
        x = float(default_generator.normal((1,), dtype=np.float64)[0])
        if 1 + c * x <= 0:
            continue
        v, u = (1 + c * x) ** 3, uniform()
        if u < 1 - FITTED * x**4 or math.log(u) < x * x / 2 + d * (1 - v + math.log(v)):
            return max(scale * d * v, np.finfo(np.float64).tiny)


def beta(alpha: float) -> float:
    """`distributions.Beta(alpha, alpha).sample()`, of the default type: the share of one gamma number in two."""
    kind = dtypes.get_default_dtype().numpy.type
    one, other = gamma(float(kind(alpha))), gamma(float(kind(alpha)))
    share = kind(one / (one + other))
    return float(np.clip(share, np.finfo(kind).tiny, np.nextafter(kind(1), kind(0))))


def the_labels(inputs: Any) -> Any:
    """The labels in a batch: the second of two, or what a dict has under "labels", or a key with "label" in it."""
    found = inputs[1] if isinstance(inputs, tuple | list) and len(inputs) > 1 else inputs
    if isinstance(found, Tensor) and found is not inputs:
        return found
    if not isinstance(found, Mapping):
        raise ValueError(
            "When using the default labels_getter, the input passed to forward must be a dictionary or a two-tuple "
            f"whose second item is a dictionary or a tensor, but got {type(found).__name__}"
        )
    keys = [key for key in found if "label" in key.lower()]
    if not keys:
        raise ValueError(
            f"Could not infer where the labels are: the sample has the keys {list(found)}; pass `labels_getter`"
        )
    return found[next((key for key in keys if key.lower() == "labels"), keys[0])]


class _Mixing(Transform):
    """The checks and the labels of both; `draw` and `mixed` are theirs."""

    def __init__(
        self, *, alpha: float = 1.0, num_classes: int | None = None,
        labels_getter: str | Callable[[Any], Any] = "default",
    ) -> None:  # fmt: skip
        super().__init__()
        self.alpha, self.num_classes = float(alpha), num_classes
        if not self.alpha > 0:
            raise ValueError(f"{type(self).__name__}(): `alpha` must be above 0, got {alpha}")
        if labels_getter != "default" and not callable(labels_getter):
            raise ValueError(f"labels_getter should either be 'default' or a callable, but got {labels_getter!r}")
        self._labels_getter = the_labels if labels_getter == "default" else labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The batch (images, labels), or a dict of it, mixed: the labels come back as shares (N, num_classes).

        ValueError for what is no batch of images (N, C, H, W) with labels (N,) or (N, num_classes).
        """
        sample: Any = inputs if len(inputs) > 1 else inputs[0]
        name, found = type(self).__name__, list(leaves(sample))
        if any(map(is_pil, found)):
            raise ValueError(f"{name}() does not support PIL images: it mixes batches, after the DataLoader")
        labels = self._labels_getter(sample)  # type: ignore[operator]
        self._check_labels(labels)
        images = next((leaf for leaf in found if isinstance(leaf, Tensor) and leaf is not labels), None)
        if images is None or images.ndim != 4:
            got = "no tensor" if images is None else f"{images.ndim} dimensions instead"
            raise ValueError(f"Expected a batched input with 4 dims, but got {got}.")
        if len(images) != len(labels):
            raise ValueError(
                "The batch size of the image or video does not match the batch size of the labels: "
                f"{len(images)} != {len(labels)}."
            )
        changed, share = self.mixed(images)
        return rebuilt(rebuilt(sample, images, changed), labels, self._mixed_labels(labels, share))

    def _check_labels(self, labels: Any) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with shape (batch_size, "
                f"num_classes), but got a tensor of shape {list(labels.shape)} instead."
            )
        if labels.ndim == 2 and self.num_classes not in (None, labels.shape[1]):
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match num_classes: "
                f"{labels.shape[1]} != {self.num_classes}. You can Leave num_classes to None."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")

    def _mixed_labels(self, labels: Tensor, share: float) -> Tensor:
        shares = labels if self.num_classes is None or labels.ndim == 2 else one_hot(labels, self.num_classes)
        return _blend(shares if shares.is_floating_point() else shares.float(), share)

    @abstractmethod
    def mixed(self, images: Tensor) -> tuple[Tensor, float]:
        """The images mixed, and how much of each is its own."""


def _blend(batch: Tensor, share: float) -> Tensor:
    """`share` of each row, and the rest of the row before it."""
    result: Tensor = roll(batch, 1, 0).mul_(1.0 - share).add_(batch.mul(share))
    return result


class MixUp(_Mixing):
    """λ·image + (1 - λ)·the image before it in the batch, and the same of the labels; λ is drawn of Beta(alpha, alpha).

    For batches, after the DataLoader: images (N, C, H, W), labels (N,) of `num_classes` classes, or (N, num_classes).
    Source: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization".

    >>> import minicnn
    >>> _ = minicnn.manual_seed(0)
    >>> images, labels = MixUp(num_classes=3)(minicnn.zeros(2, 1, 4, 4), minicnn.tensor([0, 2]))
    >>> labels.sum(1)
    tensor([1., 1.])
    """

    def mixed(self, images: Tensor) -> tuple[Tensor, float]:
        """All pixels, blended by λ."""
        share = beta(self.alpha)
        return _blend(images, share), share


class CutMix(_Mixing):
    """A rectangle of the image before it pasted over each image of a batch; labels are mixed by the areas.

    The area is 1 - λ of the image's, less where it reaches beyond the border; λ is drawn of Beta(alpha, alpha), the
    middle is any pixel. For batches, as :class:`MixUp`.
    Source: Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features".
    """

    def mixed(self, images: Tensor) -> tuple[Tensor, float]:
        """A rectangle pasted, and the share of what is left."""
        H, W = images.shape[-2:]
        side = 0.5 * math.sqrt(1.0 - beta(self.alpha))
        x, y = draws.whole(0, W), draws.whole(0, H)
        half_w, half_h = int(side * W), int(side * H)
        x1, x2, y1, y2 = max(x - half_w, 0), min(x + half_w, W), max(y - half_h, 0), min(y + half_h, H)
        result = images.clone()
        result[..., y1:y2, x1:x2] = roll(images, 1, 0)[..., y1:y2, x1:x2]
        return result, 1.0 - (x2 - x1) * (y2 - y1) / (W * H)
