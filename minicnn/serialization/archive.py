"""The zip archive inside a .pth file, read entry by entry and never trusted.

PyTorch writes its archives plainly: every entry is stored as it is, none is compressed. So nothing is unpacked
here, and that is what keeps a small file from becoming a large one in memory: an entry is as long in the file as
in memory, entries lie behind one another and do not overlap, and all of them together are no longer than the
file. All of that is checked when the archive is opened, before any memory is set aside for an entry.

    local header, name, padding, bytes of entry 1
    local header, name, padding, bytes of entry 2
    …
    central directory: for each entry its name, its length, its checksum and where its local header is
    end: how many entries, and where the central directory is

Source: PKWARE's APPNOTE.TXT, "ZIP File Format Specification", sections 4.3 and 4.5.3 (64-bit lengths).
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from minicnn.serialization.errors import LoadError

MOST_ENTRIES = 100_000
PIECE = 1 << 22  # bytes of a checksum at a time

_LOCAL, _LOCAL_SIGN = struct.Struct("<4s22xHH"), b"PK\x03\x04"
_CENTRAL, _CENTRAL_SIGN = struct.Struct("<4s4xHH4xIIIHHH8xI"), b"PK\x01\x02"
_END, _END_SIGN = struct.Struct("<4s4xHHIIH"), b"PK\x05\x06"
_LOCATOR, _LOCATOR_SIGN = struct.Struct("<4s4xQ4x"), b"PK\x06\x07"
_END64, _END64_SIGN = struct.Struct("<4s20xQQQQ"), b"PK\x06\x06"
_UNKNOWN = 0xFFFFFFFF  # a length of more than 32 bits stands elsewhere


class Entry(NamedTuple):
    """What the central directory says of an entry: where its local header is, its length, its CRC-32."""

    header: int
    length: int
    checksum: int


class Archive:
    """The entries of a .pth file by name, without the name of the folder that all of them are in."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        count, length, self._directory = self._end()
        if count > MOST_ENTRIES:
            raise LoadError(f"it claims {count:,} entries; at most {MOST_ENTRIES:,} are read")
        entries = self._entries(self._read(self._directory, length), count)
        folder = next(iter(entries), "").partition("/")[0] + "/"
        self.entries = {name.removeprefix(folder): entry for name, entry in entries.items()}
        self._folder = folder
        self._check_places()

    def _read(self, start: int, length: int) -> bytes:
        if start + length > self._size:
            raise LoadError("it ends too early")
        self._file.seek(start)
        data = self._file.read(length)
        if len(data) != length:
            raise LoadError("it could not be read to its end")
        return data

    def _end(self) -> tuple[int, int, int]:
        """How many entries there are, and length and place of their directory."""
        tail_start = max(self._size - _END.size - 0xFFFF, 0)
        tail = self._read(tail_start, self._size - tail_start)
        found = tail.rfind(_END_SIGN)
        if found < 0 or len(tail) - found < _END.size:
            raise LoadError("the directory at the end of its zip archive is missing: the file was cut off")
        _, count, total, length, start, _ = _END.unpack_from(tail, found)
        end = tail_start + found
        if _UNKNOWN in (length, start) or 0xFFFF in (count, total):
            sign, place = _LOCATOR.unpack(self._read(max(end - _LOCATOR.size, 0), _LOCATOR.size))
            if sign == _LOCATOR_SIGN:
                sign, count, total, length, start = _END64.unpack(self._read(place, _END64.size))
                end = place
                if sign != _END64_SIGN:
                    raise LoadError("the end of its zip archive is damaged")
        if count != total or start + length > end:
            raise LoadError("the directory of its zip archive is damaged")
        return count, length, start

    @staticmethod
    def _entries(directory: bytes, count: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        at = 0
        for _ in range(count):
            if len(directory) - at < _CENTRAL.size:
                raise LoadError("the directory of its zip archive is cut off")
            found = _CENTRAL.unpack_from(directory, at)
            sign, flags, method, checksum, packed, length, *lengths, header = found
            at += _CENTRAL.size
            end = at + sum(lengths)
            if sign != _CENTRAL_SIGN or end > len(directory):
                raise LoadError("the directory of its zip archive is damaged")
            name = _checked_name(directory[at : at + lengths[0]], entries)
            extra = directory[at + lengths[0] : at + lengths[0] + lengths[1]]
            length, packed, header = _long_numbers(extra, length, packed, header)
            if flags & 1:
                raise LoadError(f"its entry {name!r} is encrypted")
            if method or packed != length:
                raise LoadError(
                    f"its entry {name!r} is compressed, which neither PyTorch nor minicnn do: "
                    "unpack the archive and pack it again without compression"
                )
            entries[name] = Entry(header, length, checksum)
            at = end
        return entries

    def _check_places(self) -> None:
        """Entries lie before the directory, and no byte belongs to two of them."""
        free = 0
        for name, entry in sorted(self.entries.items(), key=lambda item: item[1].header):
            if entry.header < free:
                raise LoadError(f"its entry {name!r} overlaps another one")
            free = entry.header + _LOCAL.size + entry.length
        if free > self._directory:
            raise LoadError("an entry of it is longer than the file")

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def array(self, name: str) -> np.ndarray[Any, Any]:
        """The bytes of the entry `name`, uint8 in memory of its own; LoadError if they are damaged."""
        entry = self.entries.get(name)
        if entry is None:
            raise LoadError(f"its entry {name!r} is missing")
        sign, name_length, extra_length = _LOCAL.unpack(self._read(entry.header, _LOCAL.size))
        start = entry.header + _LOCAL.size + name_length + extra_length
        if sign != _LOCAL_SIGN or start + entry.length > self._directory:
            raise LoadError(f"the header of its entry {name!r} is damaged")
        if self._read(entry.header + _LOCAL.size, name_length) != (self._folder + name).encode():
            raise LoadError(f"its entry {name!r} has another name in its header")
        data = np.empty(entry.length, np.uint8)
        self._file.seek(start)
        read_into(self._file, data)
        # PyTorch can be told to leave checksums out (set_crc32_options), and writes 0 then
        if entry.checksum and entry.checksum != _checksum(data):
            raise LoadError(f"its entry {name!r} is damaged: it does not have its checksum")
        return data


def _checked_name(raw: bytes, others: dict[str, Entry]) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise LoadError("the name of an entry is damaged") from None
    if "/" not in name or ".." in name.split("/") or name.startswith("/") or "\\" in name or "\0" in name:
        raise LoadError(f"its entry {name!r} is not inside the archive's folder")
    if name in others:
        raise LoadError(f"its entry {name!r} is there twice")
    return name


def _long_numbers(extra: bytes, *numbers: int) -> list[int]:
    """The numbers, those of more than 32 bits taken from the extra field that holds them."""
    found = list(numbers)
    if _UNKNOWN not in found:
        return found
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        if kind == 1:
            for index, number in enumerate(found):
                if number == _UNKNOWN and len(field) >= 8:
                    found[index], field = int.from_bytes(field[:8], "little"), field[8:]
            return found
        at += 4 + length
    return found


def read_into(file: BinaryIO, data: np.ndarray[Any, Any]) -> None:
    """Fill the bytes `data` with what comes next in `file`; LoadError if it ends before."""
    view, done = data.data, 0
    while done < len(view):
        if hasattr(file, "readinto"):
            count = file.readinto(view[done:])
        else:  # PyTorch asks a file for no more than read, seek and tell
            piece = file.read(len(view) - done)
            count = len(piece)
            view[done : done + count] = piece
        if not count:
            raise LoadError("it could not be read to its end")
        done += count


def _checksum(data: np.ndarray[Any, Any]) -> int:
    value = 0
    for start in range(0, len(data), PIECE):
        value = zlib.crc32(data.data[start : start + PIECE], value)
    return value
