"""Images in memory: one byte a pixel, a batch of floats made when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import datasets, transforms
from minicnn.autograd.tensor import Tensor
from minicnn.transforms.batch import transform_batch
from minicnn.transforms.image import in_one_piece
from minicnn.transforms.resize import resize_batch
from minicnn.utils.data import Dataset

SAMPLE = "-sample"


class ImageArray(Dataset[Any]):
    """uint8 images (N, H, W) or (N, H, W, C) with their labels; batches are float32 (batch, C, H, W) in [0, 1].

    With `shift`, each image of a batch is moved by up to that many pixels in both directions, black behind
    it, as torchvision's RandomCrop(size, padding=shift) does, with its random numbers. `frame` is the width of
    a black frame around each image; `normalize` a mean and a deviation, as for torchvision's Normalize.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        shift: int = 0,
        frame: int = 0,
        normalize: tuple[float, float] | None = None,
    ) -> None:
        self.images = images if in_one_piece(images) is not None else np.array(images, order="C")
        self.labels = labels
        height, width = (length + 2 * frame for length in images.shape[1:3])
        steps: list[Callable[[Any], Any]] = [transforms.ToTensor()]
        if shift:
            steps.insert(0, transforms.RandomCrop((height, width), padding=frame + shift))
        elif frame:
            steps.insert(0, transforms.Pad(frame))
        if normalize is not None:
            mean, std = normalize
            steps.append(transforms.Normalize((mean,), (std,)))
        self.transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, labels = self.get_batch(np.array([index]))
        return images[0], labels[0]

    def get_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """The images and labels of one batch (the DataLoader's protocol for whole batches)."""
        labels = Tensor(self.labels[indices])
        images = transform_batch(self.transform, self.images, indices % len(self.images))
        assert images is not None  # these transforms are the usual ones
        return images, labels


@dataclass
class Data:
    """A training and a validation set, where they came from and the class names."""

    train: ImageArray
    validation: ImageArray
    name: str
    source: str
    classes: list[str]

    @property
    def title(self) -> str:
        """The name as people write it."""
        whole = TITLES[self.name.removesuffix(SAMPLE)]
        return f"{whole} sample" if self.is_sample else whole

    @property
    def is_sample(self) -> bool:
        """Whether this is the embedded sample."""
        return self.name.endswith(SAMPLE)

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for coloured ones."""
        return 1 if self.train.images.ndim == 3 else int(self.train.images.shape[3])

    def fit(self, size: int, shift: int = 0, pad: bool = False, normalize: tuple[float, float] | None = None) -> None:
        """Make both sets give square images of `size`: enlarged, or with a black frame if `pad`; see ImageArray.

        `shift` is for the training set alone.
        """
        frame = max(size - self.train.images.shape[1], 0) // 2 if pad else 0
        inner = size - 2 * frame
        train, validation = (_resized(part.images, inner) for part in (self.train, self.validation))
        self.train = ImageArray(train, self.train.labels, shift, frame, normalize)
        self.validation = ImageArray(validation, self.validation.labels, 0, frame, normalize)


TITLES = {
    "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "kmnist": "Kuzushiji-MNIST", "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
}  # fmt: skip


def load(name: str | None, root: str | None, usual: str = "mnist") -> Data:
    """The data set `name`: one of TITLES, or "mnist-sample", "fashion-mnist-sample".

    None is `usual` where it can be had; if that is "mnist", its sample where not, said in a line. An explicit
    name never falls back: DownloadError.
    """
    wanted = name or usual
    train: Any
    test: Any
    if wanted.endswith(SAMPLE):
        train, test = datasets.sample(wanted.removesuffix(SAMPLE))
        source = "minicnn's embedded sample"
    else:
        try:
            train, test, source = datasets.load(wanted, root)
        except datasets.DownloadError:
            if name is not None or usual != "mnist":
                raise
            print(NO_NETWORK, file=sys.stderr)
            return load(f"mnist{SAMPLE}", None)
    parts = [ImageArray(np.asarray(part.data), np.array(part.targets, np.int64)) for part in (train, test)]
    return Data(parts[0], parts[1], wanted, source, list(train.classes))


NO_NETWORK = (
    "MNIST could not be fetched, so this run uses the embedded sample of it (4,000 training and 1,000 validation "
    "images).\nFor the full set: connect to the network, or give --root FOLDER (or MINICNN_DATA) where "
    "FOLDER/MNIST/raw holds its four files."
)


def _resized(images: np.ndarray, size: int) -> np.ndarray:
    """uint8 images at size×size, pixel for pixel what torchvision's Resize((size, size)) gives."""
    if images.shape[1:3] == (size, size):
        return images
    numbers = np.arange(len(images))
    parts = [resize_batch(transforms.Resize((size, size)), images, part) for part in np.array_split(numbers, 16)]
    planes = np.concatenate([part for part in parts if part is not None])  # (N, C, size, size)
    return planes[:, 0] if images.ndim == 3 else planes.transpose(0, 2, 3, 1)
