"""torch.amp: minicnn.amp."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.amp", own=True)
