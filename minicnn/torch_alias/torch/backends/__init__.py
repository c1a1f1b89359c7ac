"""torch.backends: minicnn.backends."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.backends")
