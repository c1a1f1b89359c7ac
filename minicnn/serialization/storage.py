"""The memory of tensors in a .pth file: a storage is a line of numbers, a tensor a view of one.

Tensors that share memory when they are saved share it when they are loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, device, has_gpu, strided, to_device
from minicnn.serialization.archive import Archive
from minicnn.serialization.errors import LoadError
from minicnn.serialization.names import DTYPES, FOREIGN_DTYPES

MapLocation = str | device | Mapping[str, Any] | Callable[[Any, str], Any] | None
LARGEST_EXPANSION = 1 << 34  # bytes of a tensor that repeats the numbers of a smaller storage


@dataclass
class Storage:
    """A one-dimensional array, on the device where it is to be."""

    array: Any
    dtype: str

    def part(self, offset: int, count: int) -> Storage:
        """`count` numbers of it from `offset` on; LoadError if they are not all there."""
        if offset + count > len(self.array):
            raise LoadError(f"it has a part of a storage that reaches beyond its {len(self.array):,} numbers")
        return Storage(self.array[offset : offset + count], self.dtype)


class Storages:
    """The storages of a file by their keys, each on the device where it is to be."""

    def __init__(self, map_location: MapLocation) -> None:
        self._map_location = map_location
        self._known: dict[str, Storage] = {}

    def get(self, dtype: str, key: str, location: str, count: int) -> Storage:
        """The `count` numbers with the key `key`; LoadError where the archive holds something else."""
        storage = self._known.get(key)
        if storage is None:
            storage = self._known[key] = Storage(self._placed(self._numbers(dtype, key, count), location), dtype)
        if storage.dtype != dtype or len(storage.array) != count:
            raise LoadError(f"it describes the storage {key!r} in two ways")
        return storage

    def _numbers(self, dtype: str, key: str, count: int) -> np.ndarray[Any, Any]:
        """The numbers with the key `key`, asked for the first time."""
        raise NotImplementedError

    def _placed(self, array: np.ndarray[Any, Any], location: str) -> Any:
        rule = self._map_location
        if callable(rule) and not isinstance(rule, device):
            moved = rule(Tensor(array), location)
            if moved is not None:
                if not isinstance(moved, Tensor) or moved.shape != array.shape or moved._array.dtype != array.dtype:
                    raise TypeError(
                        "`map_location` returned something else than the storage it was given, moved or not: "
                        f"{type(moved).__name__}"
                    )
                return moved._plain_array()
        elif isinstance(rule, Mapping):
            location = rule.get(location, location)
        elif rule is not None:
            location = str(rule)
        try:
            place = device(location)
        except RuntimeError:
            raise LoadError(
                f"it was saved on a device {str(location)!r}, which minicnn does not have: "
                "load it with map_location='cpu'"
            ) from None
        if place.type == "cuda" and not has_gpu():
            raise RuntimeError(
                f"a tensor is to be loaded to {place}, and there is no GPU here (`cuda.is_available()` is False): "
                "load with `map_location='cpu'`"
            )
        return to_device(array, place)


class ArchiveStorages(Storages):
    """The storages of a zip archive, each read when it is first asked for."""

    def __init__(self, archive: Archive, map_location: MapLocation) -> None:
        super().__init__(map_location)
        self._archive = archive
        self._swap = _byte_order(archive) != sys.byteorder

    def _numbers(self, dtype: str, key: str, count: int) -> np.ndarray[Any, Any]:
        kind = number_type(dtype)
        name = f"data/{key}"
        entry = self._archive.entries.get(name)
        if entry is None or entry.length != count * kind.itemsize:
            length = "missing" if entry is None else f"of {entry.length:,} bytes"
            raise LoadError(f"its entry {name!r} is {length}, where {count:,} numbers of type {dtype} should be")
        numbers: np.ndarray[Any, Any] = self._archive.array(name).view(kind)
        return as_saved(numbers, self._swap)


def number_type(dtype: str) -> np.dtype[Any]:
    """NumPy's type for the one that a file calls `dtype`; LoadError for one that minicnn lacks."""
    if dtype in FOREIGN_DTYPES:
        raise foreign_dtype(dtype)
    try:
        return DTYPES[dtype].numpy
    except ImportError as error:  # of bfloat16's library
        raise LoadError(f"it holds numbers of type torch.{dtype}: {error}") from None


def as_saved(numbers: np.ndarray[Any, Any], swap: bool) -> np.ndarray[Any, Any]:
    """The numbers as they are to be, in place: their bytes turned around, and truths true or false."""
    if numbers.dtype.kind == "b":
        data = numbers.view(np.uint8)
        np.minimum(data, 1, out=data)  # any other byte would be a third truth
    return numbers.byteswap(inplace=True) if swap else numbers


def foreign_dtype(name: str) -> LoadError:
    """The refusal of a number type that minicnn lacks."""
    return LoadError(
        f"it holds numbers of type torch.{name}, which minicnn does not have: save them as another type (`.float()`)"
    )


def _byte_order(archive: Archive) -> str:
    if "byteorder" not in archive:  # older files have none: they were made on little-endian machines
        return "little"
    order = archive.array("byteorder").tobytes()
    if order not in (b"little", b"big"):
        raise LoadError(f"its byte order is {order[:20]!r}; expected little or big")
    return order.decode()


def view(storage: Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Any:
    """The array of shape `size` over `storage`; LoadError where it would leave the storage.

    Offset and strides count numbers, as PyTorch's do; none is negative.
    """
    array = storage.array
    itemsize = array.dtype.itemsize
    if len(size) > 64:
        raise LoadError(f"it has a tensor of {len(size)} dimensions; at most 64 are possible")
    count, last, extent = 1, offset, itemsize
    for length, step in zip(size, stride, strict=True):
        count *= length
        extent *= max(length, 1)
        last += (length - 1) * step
    if extent >= 1 << 63 or offset > len(array) or (count and last >= len(array)):
        raise LoadError(
            f"it has a tensor of shape {list(size)}, strides {list(stride)} and offset {offset}, "
            f"which reaches beyond its storage of {len(array):,} numbers"
        )
    if count > len(array) and count * itemsize > LARGEST_EXPANSION:
        raise LoadError(
            f"it has a tensor of shape {list(size)} that repeats {len(array):,} numbers; "
            f"such tensors are read up to {LARGEST_EXPANSION:,} bytes"
        )
    if not count:
        return array_module(array).empty(size, array.dtype)
    return strided(array[offset:], size, tuple(step * itemsize for step in stride))
