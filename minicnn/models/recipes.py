"""How each network is trained: the numbers behind `python -m minicnn.train NAME`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minicnn.models.lenet import lenet5, lenet5_relu


@dataclass(frozen=True)
class Recipe:
    """The settings of one training run."""

    epochs: int
    batch_size: int
    lr: float
    optimizer: str = "adam"
    schedule: str = "constant"  # or "one-cycle", with `lr` as its highest rate
    drop_last: bool = False
    shift: int = 0  # training images are moved by up to this many pixels, anew in each epoch


@dataclass(frozen=True)
class Network:
    """A network, the images it takes and its recipes: `course` for the full data, `sample` for the
    embedded 4,000 images, where the course's few steps would not be enough."""

    build: Callable[..., Any]
    image_size: int
    course: Recipe
    sample: Recipe
    title: str


NETWORKS = {
    "lenet5": Network(
        lenet5,
        32,
        course=Recipe(epochs=20, batch_size=32, lr=1e-4),
        sample=Recipe(epochs=20, batch_size=32, lr=4e-3, schedule="one-cycle", shift=2),
        title="LeNet-5 (tanh, average pooling)",
    ),
    "lenet5-relu": Network(
        lenet5_relu,
        28,
        course=Recipe(epochs=30, batch_size=128, lr=1e-3, drop_last=True),
        sample=Recipe(epochs=20, batch_size=32, lr=4e-3, schedule="one-cycle", shift=2),
        title="LeNet-5 with ReLU and max pooling",
    ),
}
