"""torchvision.transforms.v2: minicnn.transforms.v2."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.transforms.v2")
