"""Images in memory: one byte a pixel, a batch of floats made when it is asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import datasets, transforms
from minicnn.autograd.tensor import Tensor
from minicnn.functional.sampling import default_generator
from minicnn.utils.data import Dataset

SAMPLE = "-sample"


class ImageArray(Dataset[Any]):
    """uint8 images (N, H, W) with their labels; batches are float32 (batch, 1, H, W) in [0, 1].

    With `shift`, each image of a batch is moved by up to that many pixels in both directions, black behind
    it, as torchvision's RandomCrop(size, padding=shift) does, with numbers from the default generator.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, shift: int = 0) -> None:
        self.size = images.shape[1:]
        self.shift = shift
        self.labels = labels
        self.images = np.pad(images, ((0, 0), (shift, shift), (shift, shift))) if shift else images
        self._windows = np.lib.stride_tricks.sliding_window_view(self.images, self.size, axis=(1, 2))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, labels = self.get_batch(np.array([index]))
        return images[0], labels[0]

    def get_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """The images and labels of one batch (the DataLoader's protocol for whole batches)."""
        indices = np.asarray(indices)
        if self.shift:
            rows, columns = default_generator.randint((2, len(indices)), 0, 2 * self.shift + 1)
            pixels = self._windows[indices, rows, columns]
        else:
            pixels = self.images[indices]
        batch = pixels.astype(np.float32)
        batch /= 255  # ToTensor: the quotient, not a product with 1/255, to the last bit
        return Tensor(batch[:, None]), Tensor(self.labels[indices])


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
        whole = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[self.name.removesuffix(SAMPLE)]
        return f"{whole} sample" if self.is_sample else whole

    @property
    def is_sample(self) -> bool:
        """Whether this is the embedded sample."""
        return self.name.endswith(SAMPLE)


def load(name: str | None, root: str | None, image_size: int) -> Data:
    """The data set `name` ("mnist", "fashion-mnist", or "mnist-sample", "fashion-mnist-sample").

    None is "mnist" where it can be had, and its sample where not, said in a line. An explicit name never
    falls back: DownloadError.
    """
    wanted = name or "mnist"
    if wanted.endswith(SAMPLE):
        train, test = datasets.sample(wanted.removesuffix(SAMPLE))
        source = "minicnn's embedded sample"
    else:
        try:
            train, test, source = datasets.load(wanted, root)
        except datasets.DownloadError:
            if name is not None:
                raise
            print(NO_NETWORK, file=sys.stderr)
            return load(f"mnist{SAMPLE}", None, image_size)
    parts = [
        ImageArray(_resized(part.data.numpy(), image_size), part.targets.numpy().astype(np.int64))
        for part in (train, test)
    ]
    return Data(parts[0], parts[1], wanted, source, list(train.classes))


NO_NETWORK = (
    "MNIST could not be fetched, so this run uses the embedded sample of it (4,000 training and 1,000 validation "
    "images).\nFor the full set: connect to the network, or give --root FOLDER (or MINICNN_DATA) where "
    "FOLDER/MNIST/raw holds its four files."
)


def _resized(images: np.ndarray, size: int) -> np.ndarray:
    """(N, H, W) uint8 at size×size, pixel for pixel what torchvision's Resize((size, size)) gives."""
    if images.shape[1:] == (size, size):
        return np.array(images)
    from PIL import Image

    resize = transforms.Resize((size, size))
    out = np.empty((len(images), size, size), np.uint8)
    for i, image in enumerate(images):
        out[i] = resize(Image.fromarray(image))
    return out
