"""USPS: 16x16 grey images of digits from envelopes, 7,291 to train on and 2,007 to test."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from minicnn.datasets.download import fetch_file
from minicnn.datasets.places import find_files
from minicnn.datasets.vision import ImagesInMemory, Root, Transform

_SIDE = 16
_MOST_BYTES = 1 << 27  # of an unpacked file; the larger of the published ones has 26 MB


class USPS(ImagesInMemory):
    """The digits of the United States Postal Service (Hull 1994), in the files of LIBSVM, with torchvision's arguments.

    `usps.bz2` or `usps.t.bz2` is looked for in `root`, then in the folder that MINICNN_DATA names, then in the
    user's cache; with `download=True` and nothing found it is fetched into `root`. `data` is a uint8 array
    (N, 16, 16), `targets` a list of ints; an item is (PIL image of mode L through `transform`, int through
    `target_transform`). RuntimeError if nothing is found, DownloadError if no mirror answers, ValueError if the file
    is damaged.
    """

    mirrors: ClassVar[list[str]] = ["https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"]
    resources: ClassVar[dict[bool, tuple[str, str]]] = {  # of train: name and md5 of the published file
        True: ("usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"),
        False: ("usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"),
    }

    def __init__(
        self,
        root: Root | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        file, md5 = self.resources[bool(train)]
        fetch = (lambda into: fetch_file(file, into, self.mirrors, md5)) if download else None
        folder = find_files("USPS", self.root, "", [file], fetch)
        if self.root is None:
            self.root = str(folder)
        self.data, self.targets = _read(folder / file)


def _read(path: Path) -> tuple[NDArray[np.uint8], list[int]]:
    """Images and classes of lines `class 1:pixel ... 256:pixel`, classes from 1 to 10, pixels from -1 to 1."""
    try:
        with bz2.open(path) as file:
            lines = file.read(_MOST_BYTES).decode("ascii").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        _refuse(path, f"its packing is broken ({error})")
    pixels, labels = [], []
    for number, line in enumerate(lines, 1):
        label, *entries = line.split()
        if len(entries) != _SIDE**2:
            _refuse(path, f"line {number} has {len(entries)} pixels, expected {_SIDE**2}")
        try:
            labels.append(int(label) - 1)
            pixels.append([entry.partition(":")[2] for entry in entries])
        except ValueError:
            _refuse(path, f"line {number} begins with {label!r}, expected a class from 1 to 10")
    try:
        values = np.array(pixels, np.float32).reshape(-1, _SIDE, _SIDE)
    except ValueError as error:
        _refuse(path, f"a pixel is no number ({error})")
    if any(not 0 <= label < 10 for label in labels):
        _refuse(path, "a class is not between 1 and 10")
    return ((values + 1) / 2 * 255).astype(np.uint8), labels


def _refuse(path: Path, fault: str) -> NoReturn:
    raise ValueError(f"{path} is damaged or no file of USPS: {fault}. Delete it and fetch it again (download=True)")
