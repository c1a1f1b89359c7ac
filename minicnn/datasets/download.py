"""Fetching published files: resumed, verified, never torn, safe when two processes do it at once.

Bytes arrive in `NAME.part`. Only when their checksum is the published one does the file get its name, by a
rename, so that `NAME` is either absent or whole whatever happens in between. Who fetches holds a lock on
`NAME.lock`, which the operating system lets go of when the process ends, however it ends; the others wait and
then find the file there.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from minicnn.datasets.idx import BROKEN_GZIP
from minicnn.files import flush, rename, write_atomically

TIMEOUT = 5.0  # seconds without a byte: an offline machine shall know soon
_TRIES = 10  # interruptions that one mirror is forgiven, as long as each try brings bytes
_CHUNK = 1 << 16
_RANGE_NOT_SATISFIABLE = 416


class DownloadError(RuntimeError):
    """No mirror delivered the file; the text says what each answered and which ways out there are."""


def cache_folder() -> Path:
    """The user's folder for data sets: `~/.cache/minicnn/data`, or the system's own place for it."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "minicnn" / "data"


def fetch(name: str, folder: Path, mirrors: Sequence[str], md5: str) -> None:
    """Have `folder/NAME.gz` as published and `folder/NAME` unpacked beside it, as torchvision leaves them.

    `name` ends in .gz; each of `mirrors` is an address that ends in a slash. What is already there is left
    alone. DownloadError if no mirror delivers a file with checksum `md5`; ValueError if a packed file already
    there is damaged.
    """
    packed, unpacked = folder / name, folder / name.removesuffix(".gz")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{name}.lock"):
        if not unpacked.exists():
            if not packed.exists():
                _fetch_from_any(packed, mirrors, md5)
            _unpack(packed, unpacked)


def fetch_archive(name: str, folder: Path, mirrors: Sequence[str], md5: str, members: Sequence[str]) -> None:
    """Have the archive `folder/NAME` as published, and its files `members` at their places under `folder`.

    `name` ends in .tar.gz. What is already there is left alone, and nothing but `members` is unpacked.
    DownloadError if no mirror delivers a file with checksum `md5`; ValueError if an archive already there is
    damaged.
    """
    import tarfile

    packed = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{name}.lock"):
        missing = {member for member in members if not (folder / member).exists()}
        if not missing:
            return
        if not packed.exists():
            _fetch_from_any(packed, mirrors, md5)
        try:
            with tarfile.open(packed, "r:gz") as archive:
                for entry in archive:
                    source = archive.extractfile(entry) if entry.name in missing else None
                    if source is not None:
                        (folder / entry.name).parent.mkdir(parents=True, exist_ok=True)
                        write_atomically(folder / entry.name, source.read())
                        missing.remove(entry.name)
        except (tarfile.TarError, *BROKEN_GZIP) as error:
            raise ValueError(_damaged(packed, f"its packing is broken ({error})")) from None
        if missing:
            raise ValueError(_damaged(packed, f"it lacks {', '.join(sorted(missing))}"))


def fetch_file(name: str, folder: Path, mirrors: Sequence[str], md5: str) -> None:
    """Have `folder/NAME` as published; what is already there is left alone. DownloadError if no mirror delivers it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{name}.lock"):
        if not (folder / name).exists():
            _fetch_from_any(folder / name, mirrors, md5)


def unpack_zip(packed: Path, members: dict[str, Path]) -> None:
    """Unpack the gzip files that are `members` of a zip archive, each to its place; those that are there are left
    alone. ValueError if the archive is damaged."""
    import zipfile

    try:
        with zipfile.ZipFile(packed) as archive:
            for member, place in members.items():
                if not place.exists():
                    write_atomically(place, gzip.decompress(archive.read(member)))
    except (zipfile.BadZipFile, KeyError, *BROKEN_GZIP) as error:
        raise ValueError(_damaged(packed, f"its packing is broken ({error})")) from None


def _damaged(packed: Path, fault: str) -> str:
    return f"{packed} is damaged: {fault}. Delete it and fetch it again (download=True)"


def _fetch_from_any(target: Path, mirrors: Sequence[str], md5: str) -> None:
    part = target.with_name(target.name + ".part")
    failures = []
    for mirror in mirrors:
        try:
            _fetch_from(mirror + target.name, part, md5)
        except (OSError, HTTPException) as error:
            failures.append(f"{mirror}{target.name}: {error}")
        else:
            return rename(part, target)
    raise DownloadError(f"{target.name} could not be fetched:\n  " + "\n  ".join(failures))


def _fetch_from(url: str, part: Path, md5: str) -> None:
    """Complete `part` from `url`. OSError or HTTPException when it cannot be done."""
    for _ in range(_TRIES):
        before = _size(part)
        try:
            _transfer(url, part)
        except HTTPError as error:
            error.close()
            if error.code != _RANGE_NOT_SATISFIABLE:  # which says: nothing comes after what you have
                raise
        except (OSError, HTTPException):
            if _size(part) > before:
                continue  # the line broke, but we came a step further: go on from there
            raise
        found = _md5(part)
        if found == md5:
            return
        part.unlink()
        if before == 0:
            raise OSError(f"wrong checksum: the md5 is {found}, published is {md5}")
        # else the bytes of an earlier time may be to blame: once more, from the start
    raise OSError(f"interrupted {_TRIES} times")


def _transfer(url: str, part: Path) -> None:
    """Append to `part` what `url` has beyond it, or start it anew if the server sends all."""
    from tqdm import tqdm

    have = _size(part)
    request = Request(url, headers={"User-Agent": "minicnn"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urlopen(request, timeout=TIMEOUT) as response, part.open("ab") as file:
        if response.status != 206:  # Partial Content
            file.truncate(have := 0)
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        look = {"desc": part.stem, "unit": "B", "unit_scale": True, "leave": False}
        with tqdm(total=total, initial=have, disable=None, **look) as bar:  # None: silent unless on a terminal
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        arrived = flush(file)
    if total is not None and arrived < total:  # http.client takes a closed connection for the end
        raise OSError(f"the connection ended after {arrived:,} of {total:,} bytes")


def _unpack(packed: Path, unpacked: Path) -> None:
    part = unpacked.with_name(unpacked.name + ".part")
    try:
        with gzip.open(packed) as source, part.open("wb") as file:
            shutil.copyfileobj(source, file)
            flush(file)
    except BROKEN_GZIP as error:
        part.unlink()
        raise ValueError(_damaged(packed, f"its gzip packing is broken ({error})")) from None
    rename(part, unpacked)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Be the only process, and thread, between here and the end of the block."""
    with path.open("ab") as file:
        with contextlib.suppress(OSError):  # a file system without locks: the checksum still guards us
            _lock(file)
        yield
    # Only after success. Who waits on this file finds the work done; after a failure it has to stay, for a
    # third process must not lock a new file of this name while a second one holds the old.
    with contextlib.suppress(OSError):  # Windows: somebody still has it open
        path.unlink()


if sys.platform == "win32":
    import errno
    import msvcrt
    import time

    def _lock(file: BinaryIO) -> None:
        while True:
            try:
                return msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):  # these two: another has it
                    raise
                time.sleep(0.1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
