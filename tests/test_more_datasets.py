"""EMNIST, USPS and STL10 from small made files: as torchvision reads them, downloaded, not found, damaged."""

import bz2
import functools
import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import numpy as np
import pytest
from torchvision_reference import reference

from minicnn import datasets, transforms
from minicnn.datasets import emnist
from minicnn.utils.data import DataLoader


@pytest.fixture(autouse=True)
def _a_machine_without_data(monkeypatch, tmp_path):
    for name in ("MINICNN_DATA", "MINICNN_SAMPLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server(tmp_path):
    """(address, folder) of a web server."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/", folder
        running.shutdown()


def idx(values):
    return bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def emnist_files(split, classes):
    """The four files by name."""
    rng, files = np.random.default_rng(0), {}
    for part, count in (("train", 9), ("test", 5)):
        start = f"emnist-{split}-{part}"
        files[f"{start}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        files[f"{start}-labels-idx1-ubyte"] = idx(rng.integers(0, classes, count, dtype=np.uint8))
    return files


def usps_lines(count, seed=0):
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        pixels = rng.uniform(-1, 1, 256).round(4)
        pixels[:9] = [-1, 1, 0, -0.999, 0.999, 0.5, -0.5, 0.2, 0.25]
        lines.append(" ".join([str(rng.integers(1, 11)), *(f"{i}:{x}" for i, x in enumerate(pixels, 1))]))
    return "\n".join(lines) + "\n"


def stl10_files():
    rng = np.random.default_rng(1)
    files = {}
    for part, count in (("train", 6), ("test", 4), ("unlabeled", 3)):
        files[f"{part}_X.bin"] = rng.integers(0, 256, (count, 3, 96, 96), dtype=np.uint8).tobytes()
        if part != "unlabeled":
            files[f"{part}_y.bin"] = rng.integers(1, 11, count, dtype=np.uint8).tobytes()
    files["class_names.txt"] = b"airplane\nbird\n"
    files["fold_indices.txt"] = b"".join(f"{i % 6} {(i + 1) % 6} \n".encode() for i in range(10))
    return files


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    assert repr(ours) == repr(theirs)
    for i in range(len(ours)):
        (image, target), (their_image, their_target) = ours[i], theirs[i]
        assert (type(target), target) == (type(their_target), their_target)
        assert (image.mode, image.size, image.tobytes()) == (their_image.mode, their_image.size, their_image.tobytes())


# --- as torchvision ---------------------------------------------------------------------------------


@pytest.mark.parametrize("split", emnist.EMNIST.splits)
@pytest.mark.parametrize("train", [True, False])
def test_emnist(tmp_path, split, train):
    theirs = reference().datasets
    classes = theirs.EMNIST.classes_split_dict[split]
    write(tmp_path / "EMNIST" / "raw", emnist_files(split, len(classes)))
    ours, other = (kind(tmp_path, split, train=train) for kind in (datasets.EMNIST, theirs.EMNIST))
    assert_same(ours, other)
    assert (ours.classes, ours.class_to_idx, ours.split) == (classes, other.class_to_idx, split)
    np.testing.assert_array_equal(ours.data.numpy(), other.data.numpy())
    np.testing.assert_array_equal(ours.targets.numpy(), other.targets.numpy())
    assert ("gzip.zip", theirs.EMNIST.md5) == emnist._ZIP
    assert datasets.EMNIST.mirrors[0] + "gzip.zip" == theirs.EMNIST.url


@pytest.mark.parametrize("train", [True, False])
def test_usps(tmp_path, train):
    theirs = reference().datasets
    for file, lines in (("usps.bz2", usps_lines(7)), ("usps.t.bz2", usps_lines(3, 1))):
        write(tmp_path, {file: bz2.compress(lines.encode())})
    options = {"transform": None, "target_transform": lambda target: target + 1}
    ours, other = (kind(tmp_path, train=train, **options) for kind in (datasets.USPS, theirs.USPS))
    for i in range(len(ours)):
        assert ours[i][1] == other[i][1]
        assert ours[i][0].tobytes() == other[i][0].tobytes()
    assert len(ours) == len(other)
    assert ours.targets == other.targets
    np.testing.assert_array_equal(ours.data, other.data)
    (_, *published), key = theirs.USPS.split_list["train" if train else "test"], train
    assert datasets.USPS.resources[key] == tuple(published)
    loader = DataLoader(datasets.USPS(tmp_path, train, transforms.ToTensor()), batch_size=2)
    images, labels = next(iter(loader))
    assert images.shape == (2, 1, 16, 16)
    assert labels.tolist() == ours.targets[:2]


@pytest.mark.parametrize(
    ("split", "folds"), [("train", None), ("train", 3), ("test", None), ("unlabeled", None), ("train+unlabeled", 1)]
)
def test_stl10(tmp_path, monkeypatch, split, folds):
    theirs = reference().datasets
    write(tmp_path / "stl10_binary", stl10_files())
    monkeypatch.setattr(theirs.STL10, "_check_integrity", lambda self: True)  # it wants the published checksums
    ours, other = (kind(tmp_path, split, folds) for kind in (datasets.STL10, theirs.STL10))
    assert_same(ours, other)
    np.testing.assert_array_equal(ours.data, other.data)
    np.testing.assert_array_equal(ours.labels, other.labels)
    assert ours.classes == other.classes
    assert datasets.STL10.archive == (theirs.STL10.filename, theirs.STL10.tgz_md5)


# --- downloads --------------------------------------------------------------------------------------


def test_emnist_is_downloaded(tmp_path, server, monkeypatch):
    address, web = server
    with zipfile.ZipFile(web / "gzip.zip", "w") as archive:
        for name, data in {**emnist_files("letters", 27), **emnist_files("digits", 10)}.items():
            archive.writestr(f"gzip/{name}.gz", gzip.compress(data))
    md5 = hashlib.md5((web / "gzip.zip").read_bytes()).hexdigest()
    monkeypatch.setattr(emnist, "_ZIP", ("gzip.zip", md5))
    monkeypatch.setattr(datasets.EMNIST, "mirrors", [address])
    assert len(datasets.EMNIST(tmp_path, "letters", download=True)) == 9
    assert len(datasets.EMNIST(tmp_path, "letters", train=False)) == 5
    raw = tmp_path / "EMNIST" / "raw"
    assert {path.name for path in raw.iterdir()} >= {*emnist_files("letters", 27), "gzip.zip"}
    with pytest.raises(RuntimeError, match="There is no EMNIST in"):
        datasets.EMNIST(tmp_path, "digits")
    (web / "gzip.zip").unlink()  # the archive is there: nothing is fetched again
    assert len(datasets.EMNIST(tmp_path, "digits", download=True)) == 9
    (raw / "gzip.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"gzip\.zip is damaged"):
        datasets.EMNIST(tmp_path, "mnist", download=True)


def test_usps_is_downloaded(tmp_path, server, monkeypatch):
    address, web = server
    packed = bz2.compress(usps_lines(4).encode())
    write(web, {"usps.bz2": packed})
    monkeypatch.setattr(datasets.USPS, "mirrors", [address])
    monkeypatch.setitem(datasets.USPS.resources, True, ("usps.bz2", hashlib.md5(packed).hexdigest()))
    assert len(datasets.USPS(tmp_path / "new", download=True)) == 4
    assert (tmp_path / "new" / "usps.bz2").read_bytes() == packed
    with pytest.raises(datasets.DownloadError, match=r"USPS could not be downloaded.*\n.*404"):
        datasets.USPS(tmp_path / "new", train=False, download=True)


def test_stl10_is_downloaded(tmp_path, server, monkeypatch):
    address, web = server
    with tarfile.open(web / "stl10_binary.tar.gz", "w:gz") as archive:
        for name, data in stl10_files().items():
            entry = tarfile.TarInfo(f"stl10_binary/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    md5 = hashlib.md5((web / "stl10_binary.tar.gz").read_bytes()).hexdigest()
    monkeypatch.setattr(datasets.STL10, "archive", ("stl10_binary.tar.gz", md5))
    monkeypatch.setattr(datasets.STL10, "mirrors", [address])
    assert len(datasets.STL10(tmp_path / "new", "test", download=True)) == 4
    assert len(datasets.STL10(tmp_path / "new")) == 6


# --- not found, refused, damaged --------------------------------------------------------------------


def test_the_folder_of_minicnn_data(tmp_path, monkeypatch):
    write(tmp_path / "else", {"usps.bz2": bz2.compress(usps_lines(2).encode())})
    monkeypatch.setenv("MINICNN_DATA", str(tmp_path / "else"))
    assert datasets.USPS().root == str(tmp_path / "else")


def test_without_a_root_a_download_goes_to_the_cache(tmp_path, monkeypatch, server):
    """As MNIST's: the folder of MINICNN_DATA may be one that others share."""
    address, web = server
    packed = bz2.compress(usps_lines(2).encode())
    write(web, {"usps.bz2": packed})
    monkeypatch.setattr(datasets.USPS, "mirrors", [address])
    monkeypatch.setattr(datasets.USPS, "resources", {True: ("usps.bz2", hashlib.md5(packed).hexdigest())})
    monkeypatch.setenv("MINICNN_DATA", str(tmp_path / "else"))
    assert datasets.USPS(download=True).root == str(tmp_path / "cache" / "minicnn" / "data")
    assert not (tmp_path / "else").exists()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda root: datasets.USPS(root), "There is no USPS in.*download=True.*put usps.bz2 into ROOT"),
        (lambda root: datasets.STL10(root, "test"), "There is no STL10.*put test_X.bin, test_y.bin into ROOT.stl10_b"),
        (lambda root: datasets.EMNIST(root, "letters"), "There is no EMNIST"),
    ],
)
def test_what_is_nowhere_is_told_with_the_ways_out(tmp_path, call, told):
    with pytest.raises(RuntimeError, match=f"(?s){told}"):
        call(tmp_path)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: datasets.EMNIST(".", "capitals"), "`split` is 'capitals', expected one of byclass, bymerge"),
        (lambda: datasets.STL10(".", "validation"), "`split` is 'validation', expected one of train"),
        (lambda: datasets.STL10(".", folds=10), "`folds` is 10, expected None or a whole number from 0 to 9"),
        (lambda: datasets.STL10(".", folds="all"), "`folds` is 'all', expected None"),
    ],
)
def test_wrong_arguments(call, told):
    with pytest.raises(ValueError, match=told):
        call()


DAMAGED = {
    "no bz2": (b"text", "its packing is broken"),
    "cut off": (bz2.compress(usps_lines(2).encode())[:-20], "its packing is broken"),
    "a pixel less": (bz2.compress(usps_lines(2).encode().replace(b" 256:", b" 256:1 257:")), "line 1 has 257 pixels"),
    "no class": (bz2.compress(b"x" + usps_lines(1).encode()), "line 1 begins with 'x"),
    "class 11": (bz2.compress(b"11 " + usps_lines(1).encode().split(b" ", 1)[1]), "a class is not between 1 and 10"),
    "no number": (bz2.compress(usps_lines(1).encode().replace(b" 7:", b" 7:x")), "a pixel is no number"),
}


@pytest.mark.parametrize(("data", "told"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files_of_usps(tmp_path, data, told):
    write(tmp_path, {"usps.bz2": data})
    with pytest.raises(ValueError, match=rf"usps\.bz2 is damaged or no file of USPS: {told}.*download=True"):
        datasets.USPS(tmp_path)


@pytest.mark.parametrize(
    ("file", "data", "told"),
    [
        ("train_X.bin", b"x" * 100, "it has 100 bytes, which is no whole number of images of 27,648"),
        ("train_X.bin", b"", "it has 0 bytes"),
        ("train_y.bin", b"\1\2", "it has 2 labels for 6 images"),
        ("train_y.bin", b"\1\2\3\4\5\x0b", "its labels lie between 1 and 11"),
        ("fold_indices.txt", b"0 1\n0 1\n0 1\n", "line 4 holds no numbers of the 6 images"),
        ("fold_indices.txt", b"0 1\n0 1\n0 1\n5 6\n", "line 4 holds no numbers of the 6 images"),
    ],
)
def test_damaged_files_of_stl10(tmp_path, file, data, told):
    write(tmp_path / "stl10_binary", {**stl10_files(), file: data})
    with pytest.raises(ValueError, match=f"{file} is damaged or no file of STL-10: {told}"):
        datasets.STL10(tmp_path, folds=3)
