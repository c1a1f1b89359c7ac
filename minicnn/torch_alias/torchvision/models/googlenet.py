"""torchvision.models.googlenet: minicnn.models.vision.googlenet."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.googlenet", own=True)
