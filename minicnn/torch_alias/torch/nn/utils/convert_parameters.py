"""torch.nn.utils.convert_parameters: minicnn.nn.utils.vectors."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.vectors", own=True)
