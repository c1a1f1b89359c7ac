"""torchvision.models.resnet: minicnn.models.vision.resnet."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.resnet", own=True)
