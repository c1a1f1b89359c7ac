"""minicnn.save and minicnn.load: PyTorch's .pth files, without PyTorch.

A .pth file is a zip archive: `data.pkl` describes the object, and each `data/N` holds the memory of tensors. What
`save` writes, torch.load reads with `weights_only=True`; what torch.save wrote, `load` reads, files of PyTorch before
1.6, too (legacy.py). reader.py says why no file can run anything here.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from minicnn.files import written_atomically
from minicnn.serialization import foreign, legacy, tensor_files
from minicnn.serialization.archive import Archive
from minicnn.serialization.errors import LoadError
from minicnn.serialization.storage import ArchiveStorages, MapLocation, Storages
from minicnn.serialization.writer import Writer

VERSION = b"3\n"  # of the format, since PyTorch 1.6
ALIGNMENT = 64  # of the memory of tensors in the file
DAY_ONE = (1980, 1, 1, 0, 0, 0)  # of every entry: equal objects make equal files


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write `obj` to the .pth file `f`, a path or an object with `write`, as torch.save does.

    `obj` is whatever a training has to remember: a tensor, a state_dict, a dict of them with numbers, texts and
    lists. A whole model can be saved too, as PyTorch can: the file then names its class, and loading it takes
    that class and `weights_only=False`; `model.state_dict()` is the better thing to save. A path is written
    atomically: after a crash there is the old file or the new one. Tensors that share memory share it in the file.

    RuntimeError where the folder is missing; pickle.PicklingError and AttributeError for what no pickle can hold,
    such as a lambda.

    >>> import io, minicnn
    >>> file = io.BytesIO()
    >>> minicnn.save({"epoch": 3, "weight": minicnn.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> minicnn.load(file)
    {'epoch': 3, 'weight': tensor([1., 1.])}
    """
    if pickle_module is not pickle:
        raise ValueError(f"`pickle_module` is {pickle_module!r}; only Python's own pickle is used")
    if not _use_new_zipfile_serialization:
        raise ValueError(
            "`_use_new_zipfile_serialization` is False: the format of PyTorch before 1.6 is not written; "
            "leave the argument out"
        )
    if not isinstance(f, str | os.PathLike):
        if not hasattr(f, "write"):
            raise AttributeError(f"`f` is {f!r}; expected a path or a file-like object with a `write` method")
        _write(obj, _Sink(f), "archive", pickle_protocol)
        return
    path = Path(f)
    if not path.parent.is_dir():
        raise RuntimeError(f"`f` is {str(path)!r}, and the folder {path.parent} does not exist: create it first")
    if path.is_dir():
        raise RuntimeError(f"`f` is {str(path)!r}, which is a folder; expected the path of a file")
    with written_atomically(path) as file:
        _write(obj, file, path.stem, pickle_protocol)


class _Sink:
    """A file of the user's, of which zipfile may know nothing but `write`."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: Any) -> int:
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        if hasattr(self._file, "flush"):
            self._file.flush()


def _write(obj: Any, file: Any, folder: str, protocol: int) -> None:
    pickled = io.BytesIO()
    writer = Writer(pickled, protocol)
    writer.dump(obj)
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, f"{folder}/data.pkl", pickled.getvalue())
        _add(archive, f"{folder}/byteorder", sys.byteorder.encode())
        for memory in writer.memories:
            _add(archive, f"{folder}/data/{memory.key}", memory.array.data)
        _add(archive, f"{folder}/version", VERSION)


def _add(archive: Any, name: str, data: Any) -> None:
    """Store `data` as it is, its first byte at a multiple of ALIGNMENT, behind a padding as PyTorch's."""
    info = zipfile.ZipInfo(name, DAY_ONE)
    long = len(data) > zipfile.ZIP64_LIMIT
    header = 30 + len(name.encode()) + 20 * long  # of the 64-bit lengths
    padding = -(archive.fp.tell() + header + 4) % ALIGNMENT
    info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    with archive.open(info, "w", force_zip64=long) as entry:
        for start in range(0, len(data), 1 << 24):
            entry.write(data[start : start + (1 << 24)])


def load(
    f: Any,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read the .pth file `f`, a path or an object with `read`, `seek` and `tell`, as torch.load does.

    `map_location` says where tensors go that were saved elsewhere: a device or its name, a dict from one name to
    another, or a function of a storage and the name of its device. `weights_only` is True unless you say
    otherwise: data is read (tensors, parameters, dicts, lists, tuples, sets, numbers, texts, None, `Size`, `device`,
    types), and nothing in the file can run. `weights_only=False` is for whole models, whose classes are imported
    and whose code runs: only for files of people you trust. `mmap` is accepted; the file is read as ever.

    LoadError (a pickle.UnpicklingError and a RuntimeError) for a file that is damaged or holds something else;
    FileNotFoundError. A path that ends in .safetensors is read as such a file.
    """
    if pickle_module not in (None, pickle):
        raise RuntimeError(f"`pickle_module` is {pickle_module!r}; files are read by minicnn's own reader")
    if isinstance(f, str | os.PathLike):
        if os.fspath(f).endswith(".safetensors"):
            return tensor_files.read(Path(f))
        with open(f, "rb") as file:
            return _named(os.fspath(f), file, map_location, weights_only is not False, pickle_load_args)
    for method in ("read", "seek", "tell"):
        if not hasattr(f, method):
            raise AttributeError(
                f"`f` is {f!r}, which has no `{method}`; expected a path or a file that can be read at any place: "
                "read it into an io.BytesIO"
            )
    return _named("the file", f, map_location, weights_only is not False, pickle_load_args)


def _named(name: str, file: Any, map_location: MapLocation, weights_only: bool, options: dict[str, Any]) -> Any:
    try:
        return _read(file, map_location, weights_only, options)
    except LoadError as error:
        raise LoadError(f"{name} can't be loaded: {error}") from None


def _read(file: BinaryIO, map_location: MapLocation, weights_only: bool, options: dict[str, Any]) -> Any:
    def unpickle(data: bytes, storages: Storages) -> tuple[Any, int]:
        if weights_only:
            if options:
                warnings.warn(f"{', '.join(options)}: only for `weights_only=False`", stacklevel=6)
            return legacy.plainly(data, storages)
        unpickler = foreign.Unpickler(data, storages, options)
        return unpickler.load(), unpickler.at

    if _is_of_1_5(file):
        return legacy.read(file, map_location, unpickle)
    archive = Archive(file)
    if "constants.pkl" in archive:
        raise LoadError("it is a TorchScript program (torch.jit.save); save the model's state_dict() with torch.save")
    result, _ = unpickle(archive.array("data.pkl").tobytes(), ArchiveStorages(archive, map_location))
    return result


def _is_of_1_5(file: BinaryIO) -> bool:
    """Whether `file`, which is left where it is, is of the format before 1.6; LoadError if it is no .pth file."""
    start = file.tell()
    head = file.read(512)
    file.seek(start)
    if head.startswith((b"PK\x03\x04", legacy.MAGIC)):
        return head.startswith(legacy.MAGIC)
    if not head:
        after = ", or read to its end: `seek(0)` before" if start else ""
        raise LoadError(f"it is empty{after}")
    if head[257:262] == b"ustar":
        raise LoadError(
            "it is a tar archive, PyTorch's first format, which is not read: "
            "load it with PyTorch (`weights_only=False`) and save it again"
        )
    raise LoadError(f"it is no .pth file: it begins with {head[:8]!r}, not with a zip archive's b'PK\\x03\\x04'")
