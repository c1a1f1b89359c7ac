"""torchvision.transforms.v2.functional: minicnn.transforms.v2.functional."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.transforms.v2.functional")
