"""torch.utils.data.dataset: minicnn.utils.data.dataset."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.data.dataset", own=True)
