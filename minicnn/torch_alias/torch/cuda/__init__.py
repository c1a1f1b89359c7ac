"""torch.cuda: minicnn.cuda."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.cuda")
