"""torch.memory_format and torch.layout: names for orders in memory, for scripts that ask for one.

Which order the elements of a tensor lie in is minicnn's own choice (kernels/layout.py); to the user a new tensor
is contiguous. So `x.to(memory_format=channels_last)` is accepted and changes nothing.
"""

from __future__ import annotations

from minicnn import dtypes


class memory_format:
    """One of `contiguous_format`, `channels_last`, `preserve_format`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"{dtypes.PREFIX}.{self._name}"


class layout(memory_format):
    """`strided`: every tensor's layout."""


contiguous_format = memory_format("contiguous_format")
channels_last = memory_format("channels_last")
preserve_format = memory_format("preserve_format")
strided = layout("strided")
