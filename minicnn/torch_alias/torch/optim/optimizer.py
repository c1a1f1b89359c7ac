"""torch.optim.optimizer: minicnn.optim.optimizer."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.optim.optimizer", own=True)
