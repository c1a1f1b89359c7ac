"""torchvision, as minicnn has it: data sets, transforms, networks, and grids of images."""

from minicnn import alias as _alias

__version__ = "0.28.0+minicnn"

_alias.show(__name__)
