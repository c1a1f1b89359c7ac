"""torchvision.datasets: minicnn.datasets."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.datasets")
