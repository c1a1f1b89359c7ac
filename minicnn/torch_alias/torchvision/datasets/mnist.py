"""torchvision.datasets.mnist: minicnn.datasets.mnist."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.datasets.mnist", "minicnn.datasets.emnist", own=True)
