"""torchvision.transforms.functional: minicnn.transforms.functional."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.transforms.functional")
