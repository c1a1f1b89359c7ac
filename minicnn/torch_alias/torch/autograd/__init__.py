"""torch.autograd: minicnn.autograd."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.autograd")
