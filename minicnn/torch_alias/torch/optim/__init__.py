"""torch.optim: minicnn.optim."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.optim")
