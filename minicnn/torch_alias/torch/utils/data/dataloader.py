"""torch.utils.data.dataloader: minicnn.utils.data.dataloader and minicnn.utils.data.collate."""

from minicnn import alias as _alias

_alias.show(__name__, "minicnn.utils.data.dataloader", "minicnn.utils.data.collate", own=True)
