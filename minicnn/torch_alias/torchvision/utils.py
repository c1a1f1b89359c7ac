"""torchvision.utils: minicnn.utils.vision."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.vision", own=True)
