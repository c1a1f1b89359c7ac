"""torch.backends.cudnn: minicnn.backends.cudnn."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.backends.cudnn")
