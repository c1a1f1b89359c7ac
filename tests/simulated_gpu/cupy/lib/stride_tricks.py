"""cupy.lib.stride_tricks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._array import ndarray, wrapped


def as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    host = x._host
    shape, strides = (host.shape if shape is None else shape), (host.strides if strides is None else strides)
    return wrapped(np.lib.stride_tricks.as_strided(host, shape, strides), (x,))


def sliding_window_view(
    x: ndarray, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> ndarray:
    return wrapped(np.lib.stride_tricks.sliding_window_view(x._host, window_shape, axis, writeable=True), (x,))
