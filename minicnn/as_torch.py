"""`import minicnn.as_torch` in the first cell of a notebook: from here on `import torch` finds minicnn.

The same as `python -m minicnn.run` for a process that runs already; `.cuda()` stays on the CPU where there is no GPU.
ImportError if PyTorch has been imported before.
"""

import os as _os

from minicnn import alias as _alias
from minicnn import backend as _backend

_alias.activate()
_os.environ.setdefault(_backend.VARIABLE, "auto")
