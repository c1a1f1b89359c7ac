"""Data sets by the name that commands use: "mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100"."""

from __future__ import annotations

from minicnn.datasets.cifar import CIFAR10, CIFAR100
from minicnn.datasets.embedded import sample_root
from minicnn.datasets.mnist import KMNIST, MNIST, FashionMNIST
from minicnn.datasets.vision import Root

Images = MNIST | CIFAR10
NAMES: dict[str, type[MNIST] | type[CIFAR10]] = {
    "mnist": MNIST, "fashion-mnist": FashionMNIST, "kmnist": KMNIST, "cifar10": CIFAR10, "cifar100": CIFAR100,
}  # fmt: skip


def load(name: str, root: Root | None = None, download: bool = True) -> tuple[Images, Images, str]:
    """The full set `name`: its training part, its test part, and the folder they were read from.

    ValueError for an unknown name; DownloadError (or RuntimeError, without `download`) if it is nowhere to be
    had.
    """
    if name not in NAMES:
        raise ValueError(f"`name` is {name!r}, expected one of {', '.join(NAMES)}")
    kind = NAMES[name]
    train, test = kind(root, train=True, download=download), kind(root, train=False, download=download)
    return train, test, train.raw_folder


def sample(name: str) -> tuple[MNIST, MNIST]:
    """The embedded sample of `name`: its training and its validation part. ValueError for an unknown name.

    >>> [len(part) for part in sample("mnist")]
    [4000, 1000]
    """
    kinds = {"mnist": MNIST, "fashion-mnist": FashionMNIST}
    if name not in kinds:
        raise ValueError(f"`name` is {name!r}; there are samples of {' and '.join(kinds)}")
    return kinds[name](sample_root(), train=True), kinds[name](sample_root(), train=False)
