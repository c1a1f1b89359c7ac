"""torch.autograd.variable: minicnn.autograd.variable."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.autograd.variable", own=True)
