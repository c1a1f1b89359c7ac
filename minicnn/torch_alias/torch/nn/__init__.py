"""torch.nn: minicnn.nn."""

from minicnn import alias as _alias
from torch.nn import modules as modules

_alias.show(__name__, "minicnn.nn")
