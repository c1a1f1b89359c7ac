"""Neither layers nor operations: `utils.data` brings samples together into batches, `utils.vision` shows images."""

from importlib import import_module as _import_module
from typing import Any as _Any


def __getattr__(name: str) -> _Any:
    """Both are loaded at their first use: after `import minicnn` alone, `minicnn.utils.data.DataLoader` is there."""
    if name in ("data", "vision"):
        return _import_module(f"minicnn.utils.{name}")
    raise AttributeError(f"module 'minicnn.utils' has no attribute {name!r}")
