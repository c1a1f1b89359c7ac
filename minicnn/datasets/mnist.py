"""MNIST, Fashion-MNIST, Kuzushiji-MNIST: 28x28 grey images of ten classes, 60,000 to train on and 10,000 to test."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.datasets.download import DownloadError, fetch
from minicnn.datasets.embedded import notice, sample_asked_for, sample_root
from minicnn.datasets.idx import read_idx
from minicnn.datasets.places import destination, places
from minicnn.datasets.vision import ImagesInMemory, Root, Transform


class MNIST(ImagesInMemory):
    """The MNIST handwritten digits (LeCun, Cortes, Burges), with torchvision's arguments and folder layout.

    The files `train-images-idx3-ubyte`, ... plain or with .gz, are looked for in `MNIST/raw/` under `root`,
    then under the folder that MINICNN_DATA names, then in the user's cache. With `download=True` and nothing
    found they are fetched from the web into `root` (the cache if `root` is None) and verified. With
    MINICNN_SAMPLE=1 in the environment the embedded sample is served, whatever else there is.

    `data` is a uint8 Tensor (N, 28, 28), `targets` an int64 Tensor (N,), `raw_folder` the folder they were
    read from; an item is (PIL image of mode L through `transform`, int through `target_transform`).
    RuntimeError if nothing is found, DownloadError if no mirror answers, ValueError if a file is damaged.
    Files found on the disk are checked for their structure (see `idx.py`), downloads for their published
    checksum: the packed files of other people have the same content and another checksum.

    >>> digits = MNIST(sample_root(), train=False)
    >>> digits[0]
    (<PIL.Image.Image image mode=L size=28x28 at ...>, 5)
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [  # name and md5 of the published file
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes: list[str] = [  # noqa: RUF012 (a subclass or an object may have its own)
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
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
        self.raw_folder = str(self._find(download))
        if self.root is None:
            self.root = str(Path(self.raw_folder).parents[1])
        self.data, self.targets = self._read()

    def _find(self, download: bool) -> Path:
        """The folder to read from, filled if need be."""
        name = type(self).__name__
        if sample_asked_for() and _has_sample(name):
            notice(name)
            return sample_root() / name / "raw"
        folders = [place / name / "raw" for place in places(self.root)]
        for raw in folders:
            missing = [file for file in self._split_files() if not _present(raw, file)]
            if not missing:
                return raw
            if not download and any(_present(raw, file) for file in self._all_files()):
                # Not on to the next place: these may be the user's own, not to be replaced silently.
                raise RuntimeError(f"Dataset not found. {raw} lacks {' and '.join(missing)}.{_ways_out(name)}")
        if not download:
            looked = "".join(f"\n  {raw}" for raw in folders)
            raise RuntimeError(f"Dataset not found. There is no {name} in{looked}{_ways_out(name)}")
        into = destination(self.root) / name / "raw"
        try:
            self._fetch(into)
        except (DownloadError, OSError) as error:
            raise DownloadError(f"{name} could not be downloaded into {into}: {error}{_ways_out(name)}") from error
        return into

    def _fetch(self, into: Path) -> None:
        for file, md5 in self.resources:
            fetch(file, into, self.mirrors, md5)

    def _all_files(self) -> list[str]:
        """The plain files of both parts."""
        return [file.removesuffix(".gz") for file, _ in self.resources]

    def _split_files(self) -> tuple[str, str]:
        split = "train" if self.train else "t10k"
        return f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"

    def _read(self) -> tuple[Tensor, Tensor]:
        image_file, label_file = (_present(Path(self.raw_folder), file) for file in self._split_files())
        assert image_file is not None  # `_find` saw them
        assert label_file is not None
        images, labels = read_idx(image_file, (28, 28)), read_idx(label_file, ())
        fix = "Delete both and fetch them again (download=True)"
        if len(images) != len(labels):
            raise ValueError(f"{image_file} has {len(images):,} images, {label_file} {len(labels):,} labels. {fix}")
        if labels.size and labels.max() >= len(self.classes):
            raise ValueError(f"{label_file} has label {labels.max()}, expected 0 ... {len(self.classes) - 1}. {fix}")
        return Tensor(images), Tensor(labels.astype(np.int64))

    @property
    def train_data(self) -> Tensor:
        """`data`, by a name of old scripts."""
        return self._renamed("train_data", "data")

    @property
    def test_data(self) -> Tensor:
        """`data`, by a name of old scripts."""
        return self._renamed("test_data", "data")

    @property
    def train_labels(self) -> Tensor:
        """`targets`, by a name of old scripts."""
        return self._renamed("train_labels", "targets")

    @property
    def test_labels(self) -> Tensor:
        """`targets`, by a name of old scripts."""
        return self._renamed("test_labels", "targets")

    def _renamed(self, old: str, new: str) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Zalando's Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): ten kinds of clothing, in MNIST's format.

    Arguments, attributes, sources and errors are :class:`MNIST`'s; the folder is `FashionMNIST/raw/`.

    >>> FashionMNIST(sample_root(), train=False).classes[9]
    'Ankle boot'
    """

    mirrors: ClassVar[list[str]] = [
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: list[str] = [  # noqa: RUF012
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Kuzushiji-MNIST (Clanuwat et al. 2018, "Deep Learning for Classical Japanese Literature"): ten hiragana in
    cursive script, in MNIST's format.

    Arguments, attributes, sources and errors are :class:`MNIST`'s; the folder is `KMNIST/raw/`. There is no sample.
    """

    mirrors: ClassVar[list[str]] = [
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: list[str] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]  # noqa: RUF012


def _present(raw: Path, file: str) -> Path | None:
    """The plain file, which is read faster, else the packed one, else None."""
    return next((path for path in (raw / file, raw / f"{file}.gz") if path.is_file()), None)


def _ways_out(name: str) -> str:
    ways = [
        f"download=True fetches {name} when there is a network",
        f"copy the four *-ubyte or *-ubyte.gz files to ROOT/{name}/raw and give root=ROOT or set MINICNN_DATA=ROOT",
    ]
    if _has_sample(name):
        ways.append(
            "MINICNN_SAMPLE=1 (python -m minicnn.run --sample SCRIPT) serves the small embedded sample in its place"
        )
    return "\nWays out:\n  - " + ";\n  - ".join(ways) + "."


def _has_sample(name: str) -> bool:
    return (sample_root() / name).is_dir()
