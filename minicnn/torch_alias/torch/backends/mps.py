"""torch.backends.mps: minicnn.backends.mps."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.backends.mps")
