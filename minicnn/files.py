"""Writing files so that nothing is ever torn: a temporary file, flushed to the disk, renamed into place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def flush(file: BinaryIO) -> int:
    """Bring what was written to the disk; the size of the file."""
    file.flush()
    os.fsync(file.fileno())
    return os.fstat(file.fileno()).st_size


def rename(part: Path, target: Path) -> None:
    """Put `part` in the place of `target`: whoever opens `target` finds the old file or the new one, whole."""
    part.replace(target)
    if os.name == "posix":  # the new name itself is on the disk only after this; Windows has no such call
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


@contextmanager
def written_atomically(target: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is the file `target` when all is done; after a crash or an exception there is what
    was there before."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            flush(file)
        rename(part, target)
    finally:
        part.unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Write `data` as the file `target`; after a crash there is the old file or the new one."""
    with written_atomically(target) as file:
        file.write(data)
