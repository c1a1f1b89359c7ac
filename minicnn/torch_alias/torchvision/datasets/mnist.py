"""torchvision.datasets.mnist: minicnn.datasets.mnist."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.datasets.mnist", own=True)
