"""STL-10: 96x96 colour images of ten classes, 5,000 to train on, 8,000 to test, and 100,000 without a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from minicnn.datasets.download import fetch_archive
from minicnn.datasets.places import find_files
from minicnn.datasets.vision import Root, Transform, VisionDataset

_SHAPE = (3, 96, 96)  # of an image in the files, which go down the columns first
_PARTS: dict[str, list[tuple[str, str | None]]] = {  # of each split: pixels and, where there are any, labels
    "train": [("train_X.bin", "train_y.bin")],
    "train+unlabeled": [("train_X.bin", "train_y.bin"), ("unlabeled_X.bin", None)],
    "unlabeled": [("unlabeled_X.bin", None)],
    "test": [("test_X.bin", "test_y.bin")],
}
_CLASSES, _FOLDS = "class_names.txt", "fold_indices.txt"


class STL10(VisionDataset):
    """STL-10 (Coates, Lee & Ng 2011), with torchvision's arguments and folder layout: `stl10_binary/` in `root`, in the
    folder that MINICNN_DATA names, or in the user's cache.

    `split` is train, test, unlabeled or train+unlabeled; with `folds`, 0 to 9, the training part is one of the ten
    published folds of 1,000 images. `data` is a uint8 array (N, 3, 96, 96), `labels` an array (N,), -1 without a
    class; an item is (PIL image of mode RGB through `transform`, int through `target_transform`). With
    `download=True` and nothing found the archive of 2.6 GB is fetched into `root`, verified and unpacked. ValueError
    for another `split`, a fold that there is not and a damaged file, RuntimeError if nothing is found, DownloadError
    if no mirror answers.
    """

    mirrors: ClassVar[list[str]] = ["http://ai.stanford.edu/~acoates/stl10/"]
    archive: ClassVar[tuple[str, str]] = ("stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb")
    base_folder = "stl10_binary"
    splits: ClassVar[tuple[str, ...]] = ("train", "train+unlabeled", "unlabeled", "test")

    def __init__(
        self,
        root: Root | None = None,
        split: str = "train",
        folds: int | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if split not in self.splits:
            raise ValueError(f"`split` is {split!r}, expected one of {', '.join(self.splits)}")
        if folds is not None and (not isinstance(folds, int) or folds not in range(10)):
            raise ValueError(f"`folds` is {folds!r}, expected None or a whole number from 0 to 9")
        self.split, self.folds = split, folds
        wanted = [file for pair in _PARTS[split] for file in pair if file]
        wanted += [_FOLDS] if folds is not None and "train" in split else []
        folder = find_files("STL10", self.root, self.base_folder, wanted, self._fetch if download else None)
        if self.root is None:
            self.root = str(folder.parent)
        parts = [_read(folder, *pair) for pair in _PARTS[split]]
        if folds is not None and "train" in split:
            chosen = _fold(folder / _FOLDS, folds, len(parts[0][0]))
            parts[0] = parts[0][0][chosen], parts[0][1][chosen]
        self.data = np.concatenate([images for images, _ in parts])
        self.labels = np.concatenate([labels for _, labels in parts])
        if (folder / _CLASSES).is_file():
            self.classes = (folder / _CLASSES).read_text().splitlines()

    def _fetch(self, into: Path) -> None:
        files = {file for pairs in _PARTS.values() for pair in pairs for file in pair if file} | {_CLASSES, _FOLDS}
        fetch_archive(
            self.archive[0],
            into,
            self.mirrors,
            self.archive[1],
            [f"{self.base_folder}/{file}" for file in sorted(files)],
        )

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(self.data[index].transpose(1, 2, 0)))
        return self._transformed(image, int(self.labels[index]))

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


def _read(folder: Path, pixel_file: str, label_file: str | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    path = folder / pixel_file
    size, record = path.stat().st_size, int(np.prod(_SHAPE))
    if size == 0 or size % record:
        _refuse(path, f"it has {size:,} bytes, which is no whole number of images of {record:,} bytes")
    images = np.fromfile(path, np.uint8).reshape(-1, *_SHAPE).transpose(0, 1, 3, 2)
    if label_file is None:
        return images, np.full(len(images), -1)
    labels = np.fromfile(folder / label_file, np.uint8).astype(np.int64) - 1
    if len(labels) != len(images):
        _refuse(folder / label_file, f"it has {len(labels):,} labels for {len(images):,} images")
    if labels.min() < 0 or labels.max() > 9:
        _refuse(folder / label_file, f"its labels lie between {labels.min() + 1} and {labels.max() + 1}, not 1 and 10")
    return images, labels


def _fold(path: Path, number: int, count: int) -> NDArray[np.int64]:
    """The numbers of the images of a fold: a line of the file."""
    lines = path.read_text().splitlines()
    chosen = lines[number].split() if number < len(lines) else []
    if not chosen or not all(index.isdigit() and int(index) < count for index in chosen):
        _refuse(path, f"line {number + 1} holds no numbers of the {count:,} images")
    return np.array(chosen, np.int64)


def _refuse(path: Path, fault: str) -> NoReturn:
    raise ValueError(f"{path} is damaged or no file of STL-10: {fault}. Delete it and fetch it again (download=True)")
