"""Data sets by the name that commands use: "mnist", "fashion-mnist"."""

from __future__ import annotations

from minicnn.datasets.embedded import sample_root
from minicnn.datasets.mnist import MNIST, FashionMNIST
from minicnn.datasets.vision import Root

NAMES: dict[str, type[MNIST]] = {"mnist": MNIST, "fashion-mnist": FashionMNIST}


def load(name: str, root: Root | None = None, download: bool = True) -> tuple[MNIST, MNIST, str]:
    """The full set `name`: its training part, its test part, and the folder they were read from.

    ValueError for an unknown name; DownloadError (or RuntimeError, without `download`) if it is nowhere to be
    had.
    """
    kind = _kind(name)
    train, test = kind(root, train=True, download=download), kind(root, train=False, download=download)
    return train, test, train.raw_folder


def sample(name: str) -> tuple[MNIST, MNIST]:
    """The embedded sample of `name`: its training and its validation part. ValueError for an unknown name.

    >>> [len(part) for part in sample("mnist")]
    [4000, 1000]
    """
    kind = _kind(name)
    return kind(sample_root(), train=True), kind(sample_root(), train=False)


def _kind(name: str) -> type[MNIST]:
    if name not in NAMES:
        raise ValueError(f"`name` is {name!r}, expected one of {', '.join(NAMES)}")
    return NAMES[name]
