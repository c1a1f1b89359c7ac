"""CIFAR-10 and CIFAR-100: 32x32 colour images of 10 or 100 classes, 50,000 for training and 10,000 for testing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from minicnn.datasets.array_pickle import UnreadablePickle, read_array_pickle
from minicnn.datasets.download import DownloadError, fetch_archive
from minicnn.datasets.places import destination, places
from minicnn.datasets.vision import ImagesInMemory, Root, Transform

PLANES = (3, 32, 32)  # an image in the files: red, green, blue, each row by row
_PIXELS = 3 * 32 * 32

_HUNDRED = (  # the fine classes of CIFAR-100
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
    "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
    "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster "
    "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
    "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk "
    "skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger "
    "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
)

Part = tuple[NDArray[np.uint8], NDArray[np.int64]]  # images (N, 32, 32, 3), labels (N,)


class CIFAR10(ImagesInMemory):
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
    names_file = "batches.meta"  # of the classes: torchvision wants it there
    label_key = "labels"  # of the classes in the files for Python
    label_bytes = 1  # of a record of the binary version; the last one is the class
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
        self.data, labels = _together([self._read(self._file(folder, name)) for name in self._split_files()])
        self.targets = labels.tolist()

    def _split_files(self) -> list[str]:
        return self.train_files if self.train else self.test_files

    def _file(self, folder: Path, name: str) -> Path:
        return folder / (f"{name}.bin" if folder.name == self.binary_folder else name)

    def _read(self, path: Path) -> Part:
        count = len(self.classes)
        if path.suffix == ".bin":
            return _read_binary(path, self.label_bytes, count)
        return _read_python(path, self.label_key, count)

    def _find(self, download: bool) -> Path:
        """The folder to read from, filled if need be."""
        name, out = type(self).__name__, _ways_out(type(self).__name__, self.archive[0])
        folders = [place / version for place in places(self.root) for version in (self.base_folder, self.binary_folder)]
        for folder in folders:
            missing = [file for file in self._split_files() if not self._file(folder, file).is_file()]
            if not missing:
                return folder
            if not download and len(missing) < len(self._split_files()):
                # Not on to the next place: these may be the user's own, not to be replaced silently.
                raise RuntimeError(f"Dataset not found. {folder} lacks {' and '.join(missing)}.{out}")
        if not download:
            looked = "".join(f"\n  {folder}" for folder in folders)
            raise RuntimeError(f"Dataset not found. There is no {name} in{looked}{out}")
        into = destination(self.root)
        files = (*self.train_files, *self.test_files, self.names_file)
        try:
            fetch_archive(
                self.archive[0], into, self.mirrors, self.archive[1], [f"{self.base_folder}/{file}" for file in files]
            )
        except (DownloadError, OSError) as error:
            raise DownloadError(f"{name} could not be downloaded into {into}: {error}{out}") from error
        return into / self.base_folder

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """CIFAR-100: a hundred classes, 500 images of each for training and 100 for testing, in CIFAR-10's format.

    Arguments, attributes, sources and errors are :class:`CIFAR10`'s; the folders are `cifar-100-python/` and
    `cifar-100-binary/`. The classes are the fine ones; the twenty coarse ones in the files are passed over.
    """

    archive: ClassVar[tuple[str, str]] = ("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85")
    base_folder = "cifar-100-python"
    binary_folder = "cifar-100-binary"
    train_files: ClassVar[list[str]] = ["train"]
    test_files: ClassVar[list[str]] = ["test"]
    names_file = "meta"
    label_key = "fine_labels"
    label_bytes = 2  # the coarse class, then the fine one
    classes: list[str] = _HUNDRED.split()


def read_cifar_binary(files: Sequence[Root] | Root, label_bytes: int = 1) -> Part:
    """The images (N, 32, 32, 3) uint8 and labels (N,) int64 of files of the binary version, in their order.

    A record is the label and 3,072 bytes of pixels. `label_bytes` is 1 for CIFAR-10; 2 for CIFAR-100, where the
    second, the fine class, counts. The images are a view of (N, 3, 32, 32): PyTorch's order lies in memory.
    ValueError if a file is damaged.
    """
    paths = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not paths:
        raise ValueError("`files` is empty: give the files of the binary version, data_batch_1.bin ...")
    if label_bytes not in (1, 2):
        raise ValueError(f"`label_bytes` is {label_bytes!r}, expected 1 (CIFAR-10) or 2 (CIFAR-100)")
    return _together([_read_binary(Path(path), label_bytes, 10 if label_bytes == 1 else 100) for path in paths])


def _read_binary(path: Path, label_bytes: int, classes: int) -> Part:
    size, record = path.stat().st_size, label_bytes + _PIXELS
    if size == 0 or size % record:
        _refuse(path, f"it has {size:,} bytes, which is no whole number of records of {record:,} bytes")
    records = np.fromfile(path, np.uint8).reshape(-1, record)
    return _checked(path, records[:, label_bytes:], records[:, label_bytes - 1], classes)


def _read_python(path: Path, label_key: str, classes: int) -> Part:
    try:
        found = read_array_pickle(path.read_bytes())
    except UnreadablePickle as error:
        _refuse(path, str(error))
    content: dict[str, Any] = found if isinstance(found, dict) else {}
    pixels, labels = content.get("data"), content.get(label_key)
    if pixels is None or getattr(pixels, "dtype", None) != np.uint8 or pixels.shape[1:] != (_PIXELS,):
        _refuse(path, f"it holds no array `data` of bytes, of shape (N, {_PIXELS})")
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label < 256 for label in labels):
        _refuse(path, f"it holds no list `{label_key}` of whole numbers")
    return _checked(path, pixels, np.array(labels, np.uint8), classes)


def _checked(path: Path, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int) -> Part:
    if len(pixels) != len(labels):
        _refuse(path, f"it has {len(pixels):,} images and {len(labels):,} labels")
    if labels.size and labels.max() >= classes:
        _refuse(path, f"it has a label {labels.max()}, expected 0 ... {classes - 1}")
    return pixels.reshape(-1, *PLANES), labels.astype(np.int64)


def _together(parts: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Part:
    images = np.concatenate([images for images, _ in parts])  # (N, 3, 32, 32)
    return images.transpose(0, 2, 3, 1), np.concatenate([labels for _, labels in parts])


def _refuse(path: Path, fault: str) -> NoReturn:
    raise ValueError(f"{path} is damaged or no file of CIFAR: {fault}. Delete it and fetch it again (download=True)")


def _ways_out(name: str, archive: str) -> str:
    return f"""
Ways out:
  - download=True fetches {name} when there is a network;
  - unpack {archive} or {archive.replace("python", "binary")} in a folder ROOT and give root=ROOT or set
    MINICNN_DATA=ROOT."""
