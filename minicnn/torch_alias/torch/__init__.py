"""torch, as minicnn has it: `import torch` finds this folder under `python -m minicnn.run`."""

from minicnn import alias as _alias

__version__ = "2.13.0+minicnn"

_alias.show(__name__, "minicnn")
_alias.call_yourself(__name__)
