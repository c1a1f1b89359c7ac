"""torch.optim.lr_scheduler: minicnn.optim.lr_scheduler."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.optim.lr_scheduler", extra=("_LRScheduler",))
