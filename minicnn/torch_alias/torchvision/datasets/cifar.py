"""torchvision.datasets.cifar: minicnn.datasets.cifar."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.datasets.cifar", own=True)
