"""EMNIST: handwritten letters and digits in MNIST's format, divided into classes in six ways."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any, ClassVar

from minicnn.datasets.download import fetch_file, unpack_zip
from minicnn.datasets.mnist import MNIST
from minicnn.datasets.vision import Root

_ALIKE = set("cijklmopsuvwxyz")  # as small letters they look as the capitals do, and count as those
_ALL = set(string.digits + string.ascii_letters)
_ZIP = ("gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e")


class EMNIST(MNIST):
    """Extended MNIST (Cohen, Afshar, Tapson & van Schaik 2017): 28x28 images of letters and digits.

    `split` is byclass (62 classes), bymerge or balanced (47: small letters that look like capitals are those),
    letters (26, numbered from 1), digits or mnist (10). The other arguments, the attributes, sources and errors are
    :class:`MNIST`'s; the folder is `EMNIST/raw/`, with files such as `emnist-letters-train-images-idx3-ubyte`.
    The download is one archive of 560 MB for all splits, of which only the files of `split` are unpacked. As
    published, the images are turned over: rows are columns. ValueError for another `split`.
    """

    mirrors: ClassVar[list[str]] = ["https://biometrics.nist.gov/cs_links/EMNIST/"]
    splits: ClassVar[tuple[str, ...]] = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": sorted(_ALL),
        "bymerge": sorted(_ALL - _ALIKE),
        "balanced": sorted(_ALL - _ALIKE),
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: Root | None, split: str, **kwargs: Any) -> None:
        if split not in self.splits:
            raise ValueError(f"`split` is {split!r}, expected one of {', '.join(self.splits)}")
        self.split = split
        self.classes = self.classes_split_dict[split]
        super().__init__(root, **kwargs)

    def _fetch(self, into: Path) -> None:
        fetch_file(_ZIP[0], into, self.mirrors, _ZIP[1])
        unpack_zip(into / _ZIP[0], {f"gzip/{file}.gz": into / file for file in self._all_files()})

    def _all_files(self) -> list[str]:
        return [*self._files_of("train"), *self._files_of("test")]

    def _files_of(self, part: str) -> tuple[str, str]:
        start = f"emnist-{self.split}-{part}"
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"

    def _split_files(self) -> tuple[str, str]:
        return self._files_of("train" if self.train else "test")
