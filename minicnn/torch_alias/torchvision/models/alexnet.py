"""torchvision.models.alexnet: minicnn.models.vision.alexnet."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.alexnet", own=True)
