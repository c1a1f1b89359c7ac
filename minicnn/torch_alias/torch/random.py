"""torch.random: minicnn.random."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.random")
