"""torch.nn.utils.clip_grad: minicnn.nn.utils.gradients."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.nn.utils.gradients", own=True)
