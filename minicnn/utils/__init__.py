"""Neither layers nor operations: `utils.data` brings samples together into batches, `utils.vision` shows images.

Both are loaded at their first use: after `import minicnn` alone, `minicnn.utils.data.DataLoader` is there.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minicnn.suggest import attribute_of as _attribute_of

if not _TYPE_CHECKING:
    __getattr__ = _attribute_of(__name__, ("data", "vision"))
