"""torch.nn.utils.prune: minicnn.nn.utils.prune."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.prune", own=True)
