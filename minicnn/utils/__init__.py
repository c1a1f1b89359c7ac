"""What is neither a layer nor an operation: `utils.data` brings samples together into batches."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:
    __getattr__ = _attribute_of(__name__, ("data",))
