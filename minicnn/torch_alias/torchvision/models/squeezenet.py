"""torchvision.models.squeezenet: minicnn.models.vision.squeezenet."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.squeezenet", own=True)
