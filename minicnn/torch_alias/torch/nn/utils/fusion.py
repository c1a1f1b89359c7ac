"""torch.nn.utils.fusion: minicnn.nn.utils.fusion."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.fusion", own=True)
