"""What all image data sets share: where they are, their transforms, how they print."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minicnn.autograd.tensor import Tensor
from minicnn.transforms.batch import transform_batch
from minicnn.utils.data.collate import default_collate
from minicnn.utils.data.dataset import Dataset

Transform = Callable[[Any], Any]
Root = str | os.PathLike[str]


class VisionDataset(Dataset[Any]):
    """A data set of images in a folder; subclasses define `__getitem__` and `__len__`.

    A subclass with the bytes of all its images in `data` and their classes in `targets` can leave batches to
    `batch_of_bytes`.

    `transform` changes the image, `target_transform` the target, `transforms` both: `transforms(image,
    target)`. ValueError if `transforms` is given together with one of the others.
    """

    data: Any
    targets: Any

    def __init__(
        self,
        root: Root | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError("Only `transforms` or `transform`/`target_transform` can be passed as argument, not both")
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        if transform is not None or target_transform is not None:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __len__(self) -> int:
        raise NotImplementedError

    def batch_of_bytes(self, indices: NDArray[np.int64]) -> Any:
        """The batch that `default_collate` makes of the samples `indices`: [images (N, C, H, W), labels (N,)].

        With the usual transforms (see `transforms/batch.py`) a kernel makes it of `data` (uint8 (count, H, W) or
        (count, H, W, C)) and `targets` (whole numbers (count,)); else the samples are made one by one.
        """
        pixels, labels = as_array(self.data), self.targets
        if self.target_transform is None and len(labels) == len(pixels):
            if isinstance(labels, list):  # an array of all of them, for each batch, would take longer than the batch
                labels, places = [labels[i] for i in indices.tolist()], np.arange(len(indices))
            else:
                places = indices
            chosen = np.asarray(labels)[places]  # IndexError as from a single sample
            if chosen.dtype.kind in "iu" and chosen.ndim == 1:
                images = transform_batch(self.transform, pixels, indices % len(pixels))
                if images is not None:
                    return [images, Tensor(chosen.astype(np.int64))]
        return default_collate([self[i] for i in indices.tolist()])

    def extra_repr(self) -> str:
        """Lines that a subclass adds to the text of the data set."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}"] + ["    " + line for line in body])


def as_array(values: Any) -> NDArray[Any]:
    """`data` or `targets` as an array, whether they are a Tensor or what a user put in its place.

    NumPy would find the way by itself, but it asks a Tensor for four other protocols first.
    """
    return values.numpy() if isinstance(values, Tensor) else np.asarray(values)


class StandardTransform:
    """`transform` for the image and `target_transform` for the target, as one call for both."""

    def __init__(self, transform: Transform | None = None, target_transform: Transform | None = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, part in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if part is not None:
                lines.append(head + repr(part).replace("\n", "\n" + " " * len(head)))
        return "\n".join(lines)
