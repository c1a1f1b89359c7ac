"""torch.backends.cuda: minicnn.backends.cuda."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.backends.cuda")
