"""torch.nn.functional: minicnn.nn.functional."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.functional")
