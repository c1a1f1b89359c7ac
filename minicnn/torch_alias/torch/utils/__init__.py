"""torch.utils: data, and tensorboard where tensorboardX is installed."""

from minicnn import alias as _alias

__all__ = ["data"]

_alias.show(__name__)
