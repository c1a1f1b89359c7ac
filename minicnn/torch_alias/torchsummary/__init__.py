"""torchsummary: minicnn.utils.summary."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.summary", own=True)
