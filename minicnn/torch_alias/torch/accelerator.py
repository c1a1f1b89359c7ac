"""torch.accelerator: minicnn.accelerator."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.accelerator")
