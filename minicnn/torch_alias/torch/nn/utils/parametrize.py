"""torch.nn.utils.parametrize: minicnn.nn.utils.parametrize."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.parametrize", own=True)
