"""torch.utils.data: minicnn.utils.data."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.data")
