"""torch.serialization: save and load."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.serialization")
