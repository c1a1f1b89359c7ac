"""Files that hold a pickled dict of arrays and lists, read without running anything that stands in them.

A pickle is a program, and what it may call is whatever the reader lets it find. Here it finds three names, the
ones with which NumPy writes an array, and behind them are not NumPy's functions but notes of their arguments;
the array is made of the noted bytes afterwards, by us. Every other name is refused.

Source: "Restricting Globals" in the documentation of Python's pickle.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np


class UnreadablePickle(ValueError):
    """It is damaged, or holds more than arrays of numbers, lists, dicts, texts and numbers."""


class _Kind:
    """What stands for numpy.dtype(name, …) while the file is read."""

    def __init__(self, name: Any = None, *_: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        """The byte order, which bytes do not have; other kinds are refused."""


class _Array:
    """What stands for an array while the file is read."""

    state: Any = None

    def __init__(self, *_: Any) -> None:
        """The arguments say nothing yet: an empty array, whose state is set next."""

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def made(self) -> np.ndarray:
        """The array that was noted: of bytes, in C order."""
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise UnreadablePickle("an array in it is incomplete")
        _, shape, kind, column_first, raw = self.state
        if not isinstance(kind, _Kind) or kind.name not in ("u1", b"u1"):
            raise UnreadablePickle("an array in it is not of unsigned bytes")
        raw = raw.encode("latin1") if isinstance(raw, str) else raw  # Python 2 wrote bytes as text
        sizes = isinstance(shape, tuple) and all(type(length) is int and length >= 0 for length in shape)
        if not sizes or not isinstance(raw, bytes) or column_first or math.prod(shape) != len(raw):
            raise UnreadablePickle("an array in it has another size than its bytes")
        return np.frombuffer(bytearray(raw), np.uint8).reshape(shape)


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """The stand-ins; UnreadablePickle for any other name."""
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _Array
        if (module, name) == ("numpy", "ndarray"):
            return _Array
        if (module, name) == ("numpy", "dtype"):
            return _Kind
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes in the older protocols
            return lambda text, encoding: text.encode("latin1")
        raise UnreadablePickle(f"it asks for {module}.{name}, which is no part of an array")


def read_array_pickle(data: bytes) -> Any:
    """What the pickle `data` holds, its arrays of bytes as NumPy arrays (in dicts, not deeper).

    Texts of Python 2 are read as Latin-1. UnreadablePickle if it is damaged or asks for anything else.

    >>> read_array_pickle(pickle.dumps({"labels": [3], "data": np.zeros((1, 2), np.uint8)}, protocol=2))
    {'labels': [3], 'data': array([[0, 0]], dtype=uint8)}
    """
    try:
        found = _Reader(io.BytesIO(data), encoding="latin1").load()
        if isinstance(found, dict):
            found = {key: value.made() if isinstance(value, _Array) else value for key, value in found.items()}
    except UnreadablePickle:
        raise
    except Exception as error:  # a damaged pickle fails in many ways
        raise UnreadablePickle(f"its pickle is damaged ({error})") from None
    return found
