"""torch.utils.data.sampler: minicnn.utils.data.sampler."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.data.sampler", own=True)
