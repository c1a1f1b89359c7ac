"""torchvision.models.vgg: minicnn.models.vision.vgg."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.vgg", own=True)
