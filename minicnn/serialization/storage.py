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
from minicnn.backend import array_module, device, has_gpu, to_device
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


class Storages:
    """The storages of an archive by their keys, each read when it is first asked for."""

    def __init__(self, archive: Archive, map_location: MapLocation) -> None:
        self._archive = archive
        self._map_location = map_location
        self._known: dict[str, Storage] = {}
        self._swap = _byte_order(archive) != sys.byteorder

    def get(self, dtype: str, key: str, location: str, count: int) -> Storage:
        """The `count` numbers with the key `key`; LoadError where the archive holds something else."""
        storage = self._known.get(key)
        if storage is None:
            storage = self._known[key] = Storage(self._placed(self._numbers(dtype, key, count), location), dtype)
        if storage.dtype != dtype or len(storage.array) != count:
            raise LoadError(f"it describes the storage {key!r} in two ways")
        return storage

    def _numbers(self, dtype: str, key: str, count: int) -> np.ndarray[Any, Any]:
        if dtype in FOREIGN_DTYPES:
            raise foreign_dtype(dtype)
        try:
            kind = DTYPES[dtype].numpy
        except ImportError as error:  # of bfloat16's library
            raise LoadError(f"it holds numbers of type torch.{dtype}: {error}") from None
        name = f"data/{key}"
        entry = self._archive.entries.get(name)
        if entry is None or entry.length != count * kind.itemsize:
            length = "missing" if entry is None else f"of {entry.length:,} bytes"
            raise LoadError(f"its entry {name!r} is {length}, where {count:,} numbers of type {dtype} should be")
        data = self._archive.array(name)
        if kind.kind == "b":
            np.minimum(data, 1, out=data)  # any other byte would be a third truth
        numbers: np.ndarray[Any, Any] = data.view(kind)
        return numbers.byteswap(inplace=True) if self._swap else numbers

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
    as_strided = array_module(array).lib.stride_tricks.as_strided
    return as_strided(array[offset:], size, tuple(step * itemsize for step in stride))
