"""torch.nn.parallel: minicnn.nn.parallel."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.parallel", own=True)
