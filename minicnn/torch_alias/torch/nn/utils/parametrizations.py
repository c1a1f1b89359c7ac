"""torch.nn.utils.parametrizations: minicnn.nn.utils.parametrizations."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.parametrizations", own=True)
