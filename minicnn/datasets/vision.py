"""What image data sets share: where they are, their transforms, how they print; and what those in memory share."""

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

    `transform` changes the image, `target_transform` the target, `transforms` both: `transforms(image,
    target)`. ValueError if `transforms` is given together with one of the others.
    """

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

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        return StandardTransform(self.transform, self.target_transform)(image, target)

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


class ImagesInMemory(VisionDataset):
    """A data set with the bytes of all its images in memory; an item is (PIL image, int), through the transforms.

    `data` is uint8, (count, H, W) or (count, H, W, C); `targets` are the classes, whole numbers (count,), and `classes`
    their names.
    """

    data: Any
    targets: Any
    classes: list[str]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class name."""
        return {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(as_array(self.data)[index]))
        labels = self.targets if isinstance(self.targets, list) else as_array(self.targets)
        return self._transformed(image, int(labels[index]))

    def get_batch(self, indices: NDArray[np.int64]) -> Any:
        """The batch that `default_collate` makes of the samples `indices`: [images (N, C, H, W), labels (N,)].

        With the usual transforms (see `transforms/batch.py`) a kernel makes it; else the samples are made one by one.
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


def as_array(values: Any) -> NDArray[Any]:
    """`data` or `targets` as an array, whether they are a Tensor or what a user put in its place.

    NumPy would find the way by itself, but it asks a Tensor for four other protocols first; and indexing a Tensor,
    once a sample, would take longer than all the rest.
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
