"""Files of tensors by name, and nothing else: .safetensors and .npz.

Nothing in them can run: pickled objects in an .npz file are refused.
"""

from __future__ import annotations

import errno
import math
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.backend import to_device
from minicnn.dtypes import from_numpy
from minicnn.files import write_atomically, written_atomically
from minicnn.serialization.errors import LoadError

MOST_UNPACKED, LEAST_DECODED = 20, 1 << 26  # a compressed .npz file may become so many times longer, or 64 MiB
PIECE = 1 << 22


def write(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write `tensors` to `path`, which ends in .safetensors or .npz; the file is there as a whole or not at all.

    ValueError for a type that .npz cannot hold.
    """
    arrays = {name: _plain(value) for name, value in tensors.items()}
    if path.suffix == ".safetensors":
        from safetensors.numpy import save

        write_atomically(path, save(arrays, metadata={"format": "pt"}))
        return
    for name, array in arrays.items():
        if array.dtype.kind == "V":
            raise ValueError(
                f"`state_dict` has {name!r} of type {array.dtype}, which .npz cannot hold: use .safetensors"
            )
    with written_atomically(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():  # np.savez would read a name such as "file" as its own argument
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def read(path: Path) -> OrderedDict[str, Tensor]:
    """The tensors in `path`, which ends in .safetensors or .npz. LoadError for a damaged file, FileNotFoundError."""
    arrays_of = _safetensors if path.suffix == ".safetensors" else _npz
    try:
        return OrderedDict((name, Tensor(array)) for name, array in arrays_of(path))
    except LoadError as error:
        raise LoadError(f"{path} can't be loaded: {error}") from None


def _plain(value: Tensor) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.asarray(to_device(value.detach()._plain_array(), "cpu"), order="C")
    return array


def _safetensors(path: Path) -> list[tuple[str, np.ndarray[Any, Any]]]:
    from safetensors import SafetensorError, safe_open

    with path.open("rb"):  # says what is wrong with the path itself
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            found = [(name, file.get_tensor(name)) for name in file.keys()]  # noqa: SIM118
    except (SafetensorError, UnicodeError, TypeError) as error:
        raise LoadError(f"it is no .safetensors file that minicnn reads, or damaged ({error})") from None
    return [(name, _known(name, array)) for name, array in found]


def _npz(path: Path) -> list[tuple[str, np.ndarray[Any, Any]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            decoded, most = sum(entry.file_size for entry in entries), _most_decoded(path)
            if decoded > most:
                raise LoadError(f"its arrays claim {decoded:,} bytes; at most {most:,} are unpacked from such a file")
            return [_entry(archive, entry) for entry in entries]
    except LoadError:
        raise
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # of the file system; EINVAL is a place before the file's begin
            raise
        raise LoadError(f"it is no .npz file, or damaged ({error})") from None
    except Exception as error:  # a damaged zip archive fails in a dozen ways
        raise LoadError(f"it is no .npz file, or damaged ({error})") from None


def _most_decoded(path: Path) -> int:
    return max(LEAST_DECODED, MOST_UNPACKED * path.stat().st_size)


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[str, np.ndarray[Any, Any]]:
    """One array, whose header is held against the length of its entry before memory is set aside for it."""
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as entry:
        version = np.lib.format.read_magic(entry)
        headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in headers:
            raise LoadError(f"its array {name!r} is of the .npy version {version}, not 1.0 or 2.0")
        shape, column_first, kind = headers[version](entry)
        if kind.hasobject:
            raise LoadError(f"its array {name!r} holds pickled objects, which could run code")
        length = math.prod(shape) * kind.itemsize
        if min(shape, default=0) < 0 or length != info.file_size - entry.tell():
            raise LoadError(f"its array {name!r} of shape {shape} does not have the length of its entry")
        data = np.empty(length, np.uint8)
        for start in range(0, length, PIECE):
            stop = min(start + PIECE, length)
            data[start:stop] = np.frombuffer(entry.read(stop - start), np.uint8)  # ValueError where it ends early
        entry.read(1)  # the checksum is compared at the end of the entry
    array = data.view(kind).reshape(shape, order="F" if column_first else "C")
    return name, _known(name, array)


def _known(name: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in C order and in this machine's byte order; LoadError if minicnn lacks its type."""
    kind = array.dtype.newbyteorder("=")
    try:
        from_numpy(kind)
    except TypeError:
        raise LoadError(f"its array {name!r} is of type {array.dtype}, which minicnn does not have") from None
    array = np.asarray(array, kind, order="C")
    return array.view(np.uint8).astype(bool) if kind.kind == "b" else array
