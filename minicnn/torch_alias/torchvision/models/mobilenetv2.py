"""torchvision.models.mobilenetv2: minicnn.models.vision.mobilenetv2."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.models.vision.mobilenetv2", own=True)
