"""torchvision.models.densenet: minicnn.models.vision.densenet."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.densenet", own=True)
