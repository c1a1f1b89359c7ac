"""torch.nn.parameter: minicnn.nn.parameter."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.parameter")
