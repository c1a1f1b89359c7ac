"""torch.nn.utils: minicnn.nn.utils."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils", own=True)
