"""IDX files: the format of MNIST and its relatives.

    2 zero bytes | type code: 8 = unsigned byte | number of dimensions | each dimension, 4 bytes, high byte
    first | data

The files are published in gzip. A file is read whole or not at all: the header's promise is held against the
bytes that are there *before* memory is taken for them, and gzip's checksum is verified by reading to the very
end.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 8
GZIP_MAGIC = b"\x1f\x8b"
BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
_MOST_BYTES = 2**31  # the largest set of this family (EMNIST, 814,255 images) has 640 MB
_MOST_INFLATION = 1032  # deflate never packs more than 1032 bytes into one (zlib's technical notes)
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str], item_shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or in gzip (told apart by the first bytes, not by the name).

    `item_shape` is the shape of one item: (28, 28) for images, () for labels. Returns (N, *item_shape).
    ValueError if the file is damaged, truncated, too long or holds something else; it names the file and the
    fault.

    >>> from minicnn.datasets.embedded import sample_root
    >>> read_idx(sample_root() / "MNIST/raw/t10k-labels-idx1-ubyte.gz", ())[:5]
    array([5, 8, 4, 3, 2], dtype=uint8)
    """
    path = Path(path)
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        on_disk = os.fstat(file.fileno()).st_size
        if not packed:
            return _read(file, path, item_shape, on_disk)
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(stream, path, item_shape, on_disk * _MOST_INFLATION)  # type: ignore[arg-type]
        except BROKEN_GZIP as error:
            _refuse(path, f"its gzip packing is broken ({error})")


def _read(stream: BinaryIO, path: Path, item_shape: tuple[int, ...], most_bytes: int) -> NDArray[np.uint8]:
    ndim = 1 + len(item_shape)
    header = stream.read(4 + 4 * ndim)
    if len(header) < 4 + 4 * ndim:
        _refuse(path, f"it ends after {len(header)} bytes, within the header of {4 + 4 * ndim} bytes")
    expected = bytes([0, 0, UNSIGNED_BYTE, ndim])
    if header[:4] != expected:
        _refuse(path, f"its first four bytes are {header[:4].hex(' ')}, expected {expected.hex(' ')}")
    shape = struct.unpack(f">{ndim}I", header[4:])
    if shape[1:] != item_shape:
        _refuse(path, f"its header says items of shape {shape[1:]}, expected {item_shape}")
    size = math.prod(shape)
    if size > min(most_bytes, _MOST_BYTES):
        _refuse(path, f"its header says {shape} = {size:,} bytes, more than the file can hold")

    data = bytearray()  # grows with what is really there: a lying header cannot make us take memory
    while len(data) < size and (chunk := stream.read(min(_CHUNK, size - len(data)))):
        data += chunk
    if len(data) < size:
        _refuse(path, f"it is truncated: {len(data):,} of {size:,} data bytes are there")
    if stream.read(1):  # also makes gzip compare its checksum
        _refuse(path, f"it goes on after the {size:,} data bytes that its header says")
    return np.frombuffer(data, np.uint8).reshape(shape)  # (N, *item_shape), writable, no copy


def _refuse(path: Path, fault: str) -> NoReturn:
    raise ValueError(f"{path} is damaged or no IDX file: {fault}. Delete it and fetch it again (download=True)")
