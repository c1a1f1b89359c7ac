"""torchvision.datasets.folder: minicnn.datasets.folder."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.datasets.folder", own=True, extra=["IMG_EXTENSIONS"])
