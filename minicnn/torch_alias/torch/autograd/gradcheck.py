"""torch.autograd.gradcheck: minicnn.autograd.gradcheck."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.autograd.gradcheck", own=True)
