"""Files of PyTorch before version 1.6: a row of pickles, and behind them the memory of the tensors.

    magic number, version, sizes of numbers on the machine: three pickles
    the object: a pickle that refers to the memory of tensors by keys
    the keys in the order of what follows: a pickle
    for each key how many numbers, in 8 bytes, and the numbers; all of it little-endian

torchvision's older files of weights are such. The pickles are read by the same readers as those of zip archives. How
long the memory of a key is, the object's pickle alone says: so tensors are made first, over memory that is set
aside for them, no more than the file is long, and filled afterwards. There are no checksums.

Source: the files that PyTorch 2.13 writes with `_use_new_zipfile_serialization=False`.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from minicnn.backend import array_module
from minicnn.serialization.archive import read_into
from minicnn.serialization.errors import LoadError
from minicnn.serialization.reader import LARGEST, Reader
from minicnn.serialization.storage import MapLocation, Storages, as_saved, number_type

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_VERSION = b"\x80\x02M\xe9\x03."  # 1001
_COUNT = struct.Struct("<q")

Unpickle = Callable[[bytes, Storages], tuple[Any, int]]  # the object, and how many bytes its pickle has


def read(file: BinaryIO, map_location: MapLocation, unpickle: Unpickle) -> Any:
    """The object in `file`, which stands behind the memory of its tensors afterwards.

    LoadError where the file is damaged.
    """
    start = file.tell()
    size = file.seek(0, 2) - start
    file.seek(start)
    head = file.read(min(size, LARGEST))
    at = len(MAGIC + _VERSION)
    if head[:at] != MAGIC + _VERSION:
        raise LoadError("its format has another version than 1001, PyTorch's before 1.6")
    memory = _Memory(map_location, size)
    _, length = plainly(head[at:], memory)
    at += length
    result, length = unpickle(head[at:], memory)
    at += length
    keys, length = plainly(head[at:], memory)
    file.seek(start + at + length)
    memory.fill(file, keys)
    return result


def plainly(data: bytes, storages: Storages) -> tuple[Any, int]:
    """What the pickle at the beginning of `data` describes, read so that nothing can run, and its length."""
    reader = Reader(data, storages)
    return reader.read(), reader.at


class _Memory(Storages):
    """Storages that are set aside when they are asked for, together no longer than `room`, and filled at the end."""

    def __init__(self, map_location: MapLocation, room: int) -> None:
        super().__init__(map_location)
        self._room = room
        self._raw: dict[str, np.ndarray[Any, Any]] = {}

    def _numbers(self, dtype: str, key: str, count: int) -> np.ndarray[Any, Any]:
        kind = number_type(dtype)
        self._room -= _COUNT.size + count * kind.itemsize
        if self._room < 0:
            raise LoadError(f"its tensors are longer than the file: the storage {key!r} has {count:,} numbers")
        self._raw[key] = np.empty(count, kind)
        return self._raw[key]

    def fill(self, file: BinaryIO, keys: Any) -> None:
        """Read the numbers of all storages, which come in the order of `keys`."""
        if type(keys) is not list or sorted(map(str, keys)) != sorted(self._raw):
            raise LoadError("its list of the tensors' memory is damaged")
        for key in keys:
            raw = self._raw[key]
            told = np.empty(_COUNT.size, np.uint8)
            read_into(file, told)
            (count,) = _COUNT.unpack(told.tobytes())
            if count != len(raw):
                raise LoadError(f"its storage {key!r} has {count:,} numbers, where {len(raw):,} should be")
            read_into(file, raw.view(np.uint8))
            as_saved(raw, swap=sys.byteorder == "big")
            placed = self._known[key].array
            if placed is not raw:
                placed[...] = array_module(placed).asarray(raw)
