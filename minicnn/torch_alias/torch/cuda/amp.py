"""torch.cuda.amp: minicnn.cuda.amp."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.cuda.amp")
