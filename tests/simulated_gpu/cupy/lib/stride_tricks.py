"""cupy.lib.stride_tricks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._array import ndarray
from .._streams import host_waits


def as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    """The result shares the memory and, unlike other views, does not say so: it has no base."""
    shape, strides = (x.shape if shape is None else shape), (x.strides if strides is None else strides)
    return ndarray(shape, x.dtype, x.data, strides)


def sliding_window_view(
    x: ndarray, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> ndarray:
    if writeable:
        raise NotImplementedError("Writeable views are not supported.")
    host_waits()  # for the sizes of the windows, which it makes an array of the GPU
    windows = np.lib.stride_tricks.sliding_window_view(x._host, window_shape, axis)
    return as_strided(x, windows.shape, windows.strides)
