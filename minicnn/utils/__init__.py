"""Neither layers nor operations: `utils.data` brings samples together into batches, `utils.vision` shows images.

They are loaded at their first use: after `import minicnn` alone, `minicnn.utils.data.DataLoader` is there.
"""

from minicnn.suggest import attribute_of as _attribute_of

__getattr__ = _attribute_of(__name__, lazy=("data", "summary", "vision"))
