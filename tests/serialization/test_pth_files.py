"""minicnn.save and minicnn.load: paths, file objects, formats, and what is left when a save fails."""

from __future__ import annotations

import copy
import io
import os
import sys
import zipfile

import numpy as np
import pytest
from objects import through

import minicnn
from minicnn.serialization import LoadError


def test_paths_and_files(tmp_path, torch):
    x = minicnn.arange(3.0)
    minicnn.save(x, str(tmp_path / "a.pth"))
    minicnn.save(x, tmp_path / "b")
    with (tmp_path / "c").open("wb") as file:
        minicnn.save(x, file)
    buffer = io.BytesIO(b"before ")
    buffer.seek(7)
    minicnn.save(x, buffer)
    (tmp_path / "d").write_bytes(buffer.getvalue()[7:])
    for name in ("a.pth", "b", "c", "d"):
        assert minicnn.load(tmp_path / name).tolist() == torch.load(tmp_path / name).tolist() == [0, 1, 2]
        with (tmp_path / name).open("rb") as file:
            assert minicnn.load(file).tolist() == [0, 1, 2]
    assert minicnn.load(os.fspath(tmp_path / "b"), mmap=True).tolist() == [0, 1, 2]


def test_a_file_of_the_users_need_only_write_and_read():
    class OnlyWrite:
        def __init__(self):
            self.data = b""

        def write(self, data):
            self.data += bytes(data)

    class OnlyRead:
        def __init__(self, data):
            file = io.BytesIO(data)
            self.read, self.seek, self.tell = file.read, file.seek, file.tell

    target = OnlyWrite()
    minicnn.save([minicnn.ones(3), "x"], target)
    found = minicnn.load(OnlyRead(target.data))
    assert found[0].tolist() == [1, 1, 1]


def test_memory_in_the_file_is_aligned(tmp_path):
    minicnn.save({"odd name" * i: minicnn.ones(i + 1) for i in range(5)}, tmp_path / "x.pth")
    with zipfile.ZipFile(tmp_path / "x.pth") as archive:
        assert archive.testzip() is None
        infos = [info for info in archive.infolist() if "/data/" in info.filename]
    raw = (tmp_path / "x.pth").read_bytes()
    starts = [info.header_offset + 30 + int.from_bytes(raw[info.header_offset + 28 :][:2], "little") for info in infos]
    assert [(start + len(info.filename)) % 64 for start, info in zip(starts, infos, strict=True)] == [0] * 5


def test_equal_objects_make_equal_files(tmp_path):
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        minicnn.save({"a": minicnn.ones(3), "b": [1, "x"]}, file)
    assert files[0].getvalue() == files[1].getvalue()


def test_pytorch_maps_our_files(tmp_path, torch):
    minicnn.save({"a": minicnn.arange(3.0)}, tmp_path / "x.pth")
    assert torch.load(tmp_path / "x.pth", mmap=True)["a"].tolist() == [0, 1, 2]


def test_big_endian_files(torch):
    x = minicnn.tensor([1.5, -2.0])
    file = io.BytesIO()
    minicnn.save({"a": x, "b": minicnn.tensor([1, 2]), "c": minicnn.tensor([True])}, file)
    other = "big" if sys.byteorder == "little" else "little"
    archive, swapped = zipfile.ZipFile(file), io.BytesIO()
    sizes = {"0": 4, "1": 8, "2": 1}
    with zipfile.ZipFile(swapped, "w") as result:
        for name in archive.namelist():
            data = archive.read(name)
            if "/data/" in name:
                size = sizes[name.rpartition("/")[2]]
                data = (
                    np.frombuffer(data, f"V{size}").tobytes()
                    if size == 1
                    else np.frombuffer(data, f"u{size}").byteswap().tobytes()
                )
            result.writestr(name, other.encode() if name.endswith("byteorder") else data)
    found = minicnn.load(io.BytesIO(swapped.getvalue()))
    assert [v.tolist() for v in found.values()] == [[1.5, -2.0], [1, 2], [True]]
    assert torch.load(io.BytesIO(swapped.getvalue()))["a"].tolist() == [1.5, -2.0]


def test_files_without_checksums(torch):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        assert through(torch.arange(3.0), torch.save, minicnn.load).tolist() == [0, 1, 2]
    finally:
        torch.serialization.set_crc32_options(before)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    minicnn.save({"old": 1}, path)

    class Fails:
        def __reduce__(self):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        minicnn.save({"new": minicnn.ones(1000), "last": Fails()}, path)
    assert minicnn.load(path) == {"old": 1}

    def crash(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="the disk is gone"):
        minicnn.save({"new": 1}, path)
    assert minicnn.load(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x.pth"]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda d: minicnn.save(1, d / "missing" / "x"), RuntimeError, "the folder .* does not exist: create it"),
        (lambda d: minicnn.save(1, d), RuntimeError, "which is a folder"),
        (lambda d: minicnn.save(1, 5), AttributeError, "`f` is 5; expected a path or a file-like object"),
        (lambda d: minicnn.save(1, d / "x", pickle_module=copy), ValueError, "`pickle_module` is .*copy"),
        (
            lambda d: minicnn.save(1, d / "x", _use_new_zipfile_serialization=False),
            ValueError,
            "before 1.6 is not written",
        ),
        (lambda d: minicnn.load(d / "missing"), FileNotFoundError, "missing"),
        (lambda d: minicnn.load(5), AttributeError, "`f` is 5, which has no `read`.*BytesIO"),
        (lambda d: minicnn.load(io.BytesIO()), LoadError, "it is empty$"),
        (lambda d: minicnn.load(io.BytesIO(b"text")), LoadError, "it is no .pth file: it begins with b'text'"),
        (lambda d: minicnn.load(d / "x", pickle_module=copy), RuntimeError, "`pickle_module` is"),
    ],
)
def test_wrong_arguments(tmp_path, call, error, text):
    with pytest.raises(error, match=text):
        call(tmp_path)


def test_a_file_read_to_its_end_says_so():
    file = io.BytesIO()
    minicnn.save(1, file)
    with pytest.raises(LoadError, match=r"read to its end: `seek\(0\)`"):
        minicnn.load(file)


def test_the_first_format_is_refused_by_name():
    import tarfile

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(LoadError, match=r"tar archive, PyTorch's first format.*load it with PyTorch"):
        minicnn.load(io.BytesIO(file.getvalue()))


def test_other_protocols_are_refused_by_name(torch):
    file = io.BytesIO()
    torch.save({"a": 1}, file, pickle_protocol=4)
    file.seek(0)
    with pytest.raises(LoadError, match=r"protocol 4; only protocol 2.*pickle_protocol=2"):
        minicnn.load(file)


def test_pickle_options_are_for_ordinary_pickles():
    file = io.BytesIO()
    minicnn.save(1, file)
    file.seek(0)
    with pytest.warns(UserWarning, match="encoding: only for `weights_only=False`"):
        assert minicnn.load(file, encoding="latin1") == 1
