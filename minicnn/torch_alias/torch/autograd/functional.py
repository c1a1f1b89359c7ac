"""torch.autograd.functional: minicnn.autograd.functional."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.autograd.functional", own=True)
