"""torch.nn.init: minicnn.nn.init."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.init", own=True)
