"""CIFAR-10: 32x32 colour images of ten classes, 50,000 for training and 10,000 for testing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from minicnn.datasets.array_pickle import UnreadablePickle, read_array_pickle
from minicnn.datasets.download import DownloadError, cache_folder, fetch_archive
from minicnn.datasets.vision import Root, Transform, VisionDataset

PLANES = (3, 32, 32)  # an image in the files: red, green, blue, each row by row
_PIXELS = 3 * 32 * 32
_RECORD = 1 + _PIXELS  # of the binary version: the label, then the image

Part = tuple[NDArray[np.uint8], NDArray[np.int64]]  # images (N, 32, 32, 3), labels (N,)


class CIFAR10(VisionDataset):
    """CIFAR-10 (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images", chapter 3), with
    torchvision's arguments and folder layout.

    The files of the version for Python, `cifar-10-batches-py/data_batch_1` ..., or of the binary version,
    `cifar-10-batches-bin/data_batch_1.bin` ..., are looked for under `root`, then under the folder that
    MINICNN_DATA names, then in the user's cache. With `download=True` and nothing found the archive for Python
    is fetched from the web into `root` (the cache if `root` is None), verified and unpacked.

    `data` is a uint8 array (N, 32, 32, 3), `targets` a list of ints; an item is (PIL image of mode RGB through
    `transform`, int through `target_transform`). RuntimeError if nothing is found, DownloadError if no mirror
    answers, ValueError if a file is damaged. Nothing in a file is ever run: see `array_pickle.py`.
    """

    mirrors: ClassVar[list[str]] = ["https://www.cs.toronto.edu/~kriz/"]
    archive: ClassVar[tuple[str, str]] = ("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a")
    base_folder = "cifar-10-batches-py"
    binary_folder = "cifar-10-batches-bin"
    train_files: ClassVar[list[str]] = [f"data_batch_{number}" for number in range(1, 6)]
    test_files: ClassVar[list[str]] = ["test_batch"]
    classes: list[str] = [  # noqa: RUF012 (an object may have its own)
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]

    def __init__(
        self,
        root: Root | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        folder = self._find(download)
        if self.root is None:
            self.root = str(folder.parent)
        self.raw_folder = str(folder)
        self.data, labels = _together([_read(_present(folder, name)) for name in self._split_files()])
        self.targets = labels.tolist()

    def _split_files(self) -> list[str]:
        return self.train_files if self.train else self.test_files

    def _find(self, download: bool) -> Path:
        """The folder to read from, filled if need be."""
        given = [self.root, os.environ.get("MINICNN_DATA"), cache_folder()]
        places = [Path(place).expanduser() for place in given if place]
        folders = [place / version for place in places for version in (self.base_folder, self.binary_folder)]
        for folder in folders:
            missing = [name for name in self._split_files() if not _present(folder, name).is_file()]
            if not missing:
                return folder
            if not download and len(missing) < len(self._split_files()):
                # Not on to the next place: these may be the user's own, not to be replaced silently.
                raise RuntimeError(f"Dataset not found. {folder} lacks {' and '.join(missing)}.{_WAYS_OUT}")
        if not download:
            looked = "".join(f"\n  {folder}" for folder in folders)
            raise RuntimeError(f"Dataset not found. There is no CIFAR10 in{looked}{_WAYS_OUT}")
        into = Path(self.root or cache_folder()).expanduser()
        members = [f"{self.base_folder}/{name}" for name in (*self.train_files, *self.test_files)]
        try:
            fetch_archive(self.archive[0], into, self.mirrors, self.archive[1], members)
        except (DownloadError, OSError) as error:
            raise DownloadError(f"CIFAR10 could not be downloaded into {into}: {error}{_WAYS_OUT}") from error
        return into / self.base_folder

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class name."""
        return {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        image: Any = Image.fromarray(np.ascontiguousarray(self.data[index]))
        target: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def get_batch(self, indices: NDArray[np.int64]) -> Any:
        """The batch of the DataLoader's protocol: [images (N, 3, H, W), labels (N,)]."""
        return self.batch_of_bytes(indices)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def read_cifar_binary(files: Sequence[Root] | Root) -> Part:
    """The images (N, 32, 32, 3) uint8 and labels (N,) int64 of files of CIFAR-10's binary version, in their order.

    A record is one byte of label and 3,072 bytes of pixels. The images are a view of (N, 3, 32, 32): PyTorch's
    order lies in memory. ValueError if a file is damaged.
    """
    paths = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not paths:
        raise ValueError("`files` is empty: give the files of the binary version, data_batch_1.bin ...")
    return _together([_read_binary(Path(path)) for path in paths])


def _present(folder: Path, name: str) -> Path:
    return folder / (f"{name}.bin" if folder.name == CIFAR10.binary_folder else name)


def _read(path: Path) -> Part:
    return _read_binary(path) if path.suffix == ".bin" else _read_python(path)


def _read_binary(path: Path) -> Part:
    size = path.stat().st_size
    if size == 0 or size % _RECORD:
        _refuse(path, f"it has {size:,} bytes, which is no whole number of records of {_RECORD:,} bytes")
    records = np.fromfile(path, np.uint8).reshape(-1, _RECORD)
    return _checked(path, records[:, 1:], records[:, 0])


def _read_python(path: Path) -> Part:
    try:
        found = read_array_pickle(path.read_bytes())
    except UnreadablePickle as error:
        _refuse(path, str(error))
    content: dict[str, Any] = found if isinstance(found, dict) else {}
    pixels, labels = content.get("data"), content.get("labels")
    if pixels is None or getattr(pixels, "dtype", None) != np.uint8 or pixels.shape[1:] != (_PIXELS,):
        _refuse(path, f"it holds no array `data` of bytes, of shape (N, {_PIXELS})")
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label < 256 for label in labels):
        _refuse(path, "it holds no list `labels` of whole numbers")
    return _checked(path, pixels, np.array(labels, np.uint8))


def _checked(path: Path, pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Part:
    if len(pixels) != len(labels):
        _refuse(path, f"it has {len(pixels):,} images and {len(labels):,} labels")
    if labels.size and labels.max() >= len(CIFAR10.classes):
        _refuse(path, f"it has a label {labels.max()}, expected 0 ... {len(CIFAR10.classes) - 1}")
    return pixels.reshape(-1, *PLANES), labels.astype(np.int64)


def _together(parts: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Part:
    images = np.concatenate([images for images, _ in parts])  # (N, 3, 32, 32)
    return images.transpose(0, 2, 3, 1), np.concatenate([labels for _, labels in parts])


def _refuse(path: Path, fault: str) -> NoReturn:
    raise ValueError(f"{path} is damaged or no file of CIFAR-10: {fault}. Delete it and fetch it again (download=True)")


_WAYS_OUT = """
Ways out:
  - download=True fetches CIFAR10 when there is a network;
  - unpack cifar-10-python.tar.gz or cifar-10-binary.tar.gz in a folder ROOT and give root=ROOT or set
    MINICNN_DATA=ROOT."""
