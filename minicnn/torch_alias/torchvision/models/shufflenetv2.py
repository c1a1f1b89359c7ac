"""torchvision.models.shufflenetv2: minicnn.models.vision.shufflenetv2."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.shufflenetv2", own=True)
