"""Page-locked ("pinned") memory of the host: what a GPU can fetch by itself while Python goes on.

The system may move ordinary memory about, so a copy from there goes through a buffer of the driver's, and the processor
does half of it. Memory that is locked is read by the GPU alone. CuPy hands it out; NumPy arrays are made on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def pinned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy of `array` in page-locked memory, in plain order."""
    import cupy

    memory = cupy.cuda.alloc_pinned_memory(array.nbytes)
    copy = np.frombuffer(memory, np.uint8, array.nbytes).view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def is_pinned(array: Any) -> bool:
    """Whether `array` lies in memory that `pinned` made."""
    while isinstance(array, np.ndarray):
        array = array.base
    return type(getattr(array, "obj", array)).__name__ == "PinnedMemoryPointer"
