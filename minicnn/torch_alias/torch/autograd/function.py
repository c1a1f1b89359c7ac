"""torch.autograd.function: minicnn.autograd.function."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.autograd.function", own=True)
