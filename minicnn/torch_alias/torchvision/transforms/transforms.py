"""torchvision.transforms.transforms: minicnn.transforms."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.transforms")
