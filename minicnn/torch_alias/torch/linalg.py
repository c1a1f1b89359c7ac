"""torch.linalg: minicnn.linalg."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.linalg")
