"""CIFAR-10 and CIFAR-100: both versions of its files, what is refused, the archive; batches of colour images."""

import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
from torchvision_reference import reference

import minicnn
from minicnn import kernels
from minicnn import transforms as T
from minicnn.datasets import CIFAR10, CIFAR100, DownloadError, read_cifar_binary
from minicnn.functional.generator import default_generator
from minicnn.utils.data import DataLoader, Dataset

PARTS = {f"data_batch_{i}": 12 for i in range(1, 6)} | {"test_batch": 7}  # images a file


@pytest.fixture(autouse=True)
def _a_machine_without_data(monkeypatch, tmp_path):
    monkeypatch.delenv("MINICNN_DATA", raising=False)
    monkeypatch.setattr("minicnn.datasets.places.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def part(name):
    """(planes (N, 3·32·32), labels) of a file, its own numbers."""
    rng = np.random.default_rng(sum(name.encode()))
    return rng.integers(0, 256, (PARTS[name], 3072)).astype(np.uint8), rng.integers(0, 10, PARTS[name]).astype(np.uint8)


def python_file(name, protocol=2):
    planes, labels = part(name)
    texts = {"batch_label": f"of {name}", "filenames": ["a.png"] * len(labels)}
    return pickle.dumps({**texts, "labels": labels.tolist(), "data": planes}, protocol=protocol)


def python2_file():
    """As Python 2 wrote it: bytes as text of Latin-1, in NumPy's older module."""
    planes, labels = part("test_batch")
    raw = planes.tobytes()
    text = b"T" + len(raw).to_bytes(4, "little") + raw  # BINSTRING
    short = lambda word: b"U" + bytes([len(word)]) + word  # noqa: E731
    number = lambda n: b"M" + n.to_bytes(2, "little")  # noqa: E731
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85" + short(b"b") + b"tR"
        b"(K\x01(" + number(len(planes)) + number(3072) + b"tcnumpy\ndtype\n(" + short(b"u1") + b"K\x00K\x01tR"
        b"(K\x03" + short(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + text + b"tb"
    )
    labels = b"(l" + b"".join(b"K" + bytes([n]) + b"a" for n in labels)
    return b"\x80\x02}(" + short(b"data") + array + short(b"labels") + labels + b"u."


def binary_file(name):
    planes, labels = part(name)
    return np.concatenate([labels[:, None], planes], axis=1).tobytes()


def fill(root, version, names=PARTS):
    folder = Path(root) / f"cifar-10-batches-{version}"
    folder.mkdir(parents=True)
    for name in names:
        data = python_file(name) if version == "py" else binary_file(name)
        (folder / (name if version == "py" else f"{name}.bin")).write_bytes(data)
    return folder


@pytest.mark.parametrize("version", ["py", "bin"])
@pytest.mark.parametrize("train", [True, False])
def test_what_it_holds(tmp_path, version, train):
    fill(tmp_path, version)
    data = CIFAR10(tmp_path, train=train, transform=T.ToTensor())
    names = list(PARTS)[:5] if train else ["test_batch"]
    assert data.data.shape == (60 if train else 7, 32, 32, 3)
    assert data.targets == [int(n) for name in names for n in part(name)[1]]
    last, _ = part(names[-1])
    image, label = data[len(data) - 1]
    assert image.numpy().tobytes() == (last[-1].reshape(3, 32, 32) / np.float32(255)).astype(np.float32).tobytes()
    assert label == data.targets[-1]
    assert data.class_to_idx["truck"] == 9
    data.transform = None
    assert data[0][0].mode == "RGB"
    assert "Split: " + ("Train" if train else "Test") in repr(data)


def test_files_of_pythons_old_and_new(tmp_path):
    folder = fill(tmp_path, "py")
    for content in (*(python_file("test_batch", protocol) for protocol in (0, 2, 4)), python2_file()):
        (folder / "test_batch").write_bytes(content)
        data = CIFAR10(tmp_path, train=False)
        planes, labels = part("test_batch")
        assert data.data.transpose(0, 3, 1, 2).tobytes() == planes.tobytes()
        assert data.targets == labels.tolist()


class Evil:
    def __reduce__(self):
        return os.system, ("echo it ran > ran",)


class Built:
    """An array whose state is wrong."""

    def __init__(self, *state):
        self.state = state

    def __reduce__(self):
        from numpy._core.multiarray import _reconstruct

        return _reconstruct, (np.ndarray, (0,), b"b"), self.state


U1 = np.dtype("u1")
DAMAGED = {
    "a program": (pickle.dumps({"labels": [1], "data": Evil()}), "it asks for posix.system"),
    "another class": (pickle.dumps({"labels": [1], "data": Path("x")}), "which is no part of an array"),
    "cut off": (python_file("test_batch")[:5000], "its pickle is damaged"),
    "nothing": (b"", "its pickle is damaged"),
    "no dict": (pickle.dumps([1, 2]), "holds no array `data`"),
    "no data": (pickle.dumps({"labels": [1]}), "holds no array `data`"),
    "no labels": (pickle.dumps({"data": np.zeros((1, 3072), np.uint8)}), "holds no list `labels`"),
    "labels of text": (pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": ["1"]}), "holds no list"),
    "too few labels": (pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [1]}), "2 images and 1 labels"),
    "label 10": (pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [10]}), "it has a label 10"),
    "wrong shape": (pickle.dumps({"data": np.zeros((1, 784), np.uint8), "labels": [1]}), "of shape"),
    "floats": (pickle.dumps({"data": np.zeros((1, 3072)), "labels": [1]}), "not of unsigned bytes"),
    "fewer bytes": (pickle.dumps({"data": Built(1, (9**9, 3072), U1, False, b"12")}), "another size"),
    "objects": (pickle.dumps({"data": Built(1, (1,), np.dtype("O"), False, [Path])}), "asks for pathlib"),
    "no state": (pickle.dumps({"data": Built(1), "labels": [1]}), "incomplete"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_python_files_are_named_and_nothing_runs(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    content, says = DAMAGED[name]
    file = fill(tmp_path, "py") / "test_batch"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="no file of CIFAR") as error:
        CIFAR10(tmp_path, train=False)
    assert str(file) in str(error.value)
    assert says in str(error.value)
    assert not Path("ran").exists()


def test_binary_files(tmp_path):
    folder = fill(tmp_path, "bin")
    names = ["data_batch_2", "test_batch"]
    images, labels = read_cifar_binary([folder / f"{name}.bin" for name in names])
    assert images.transpose(0, 3, 1, 2).tobytes() == b"".join(part(name)[0].tobytes() for name in names)
    assert labels.tolist() == [int(n) for name in names for n in part(name)[1]]
    assert len(read_cifar_binary(folder / "test_batch.bin")[0]) == 7
    whole = binary_file("test_batch")
    for content, says in ((whole[:-1], "21,510 bytes"), (b"", "0 bytes"), (b"\x0a" + whole[1:], "a label 10")):
        (folder / "test_batch.bin").write_bytes(content)
        with pytest.raises(ValueError, match=says):
            CIFAR10(tmp_path, train=False)
    with pytest.raises(ValueError, match="`files` is empty"):
        read_cifar_binary([])
    with pytest.raises(ValueError, match="`label_bytes` is 3, expected 1"):
        read_cifar_binary(folder / "test_batch.bin", label_bytes=3)


HUNDRED = {"train": 9, "test": 4}


def hundred(name):
    """(planes, coarse labels, fine labels) of a file of CIFAR-100."""
    rng, count = np.random.default_rng(len(name)), HUNDRED[name]
    coarse, fine = rng.integers(0, 20, count), rng.integers(0, 100, count)
    return rng.integers(0, 256, (count, 3072)).astype(np.uint8), coarse.tolist(), fine.tolist()


def fill_hundred(root, version):
    folder = Path(root) / f"cifar-100-{'python' if version == 'py' else 'binary'}"
    folder.mkdir(parents=True)
    for name in HUNDRED:
        planes, coarse, fine = hundred(name)
        if version == "py":
            content = {"data": planes, "coarse_labels": coarse, "fine_labels": fine, "filenames": ["a"] * len(fine)}
            (folder / name).write_bytes(pickle.dumps(content, protocol=2))
        else:
            records = np.concatenate([np.array([coarse, fine], np.uint8).T, planes], axis=1)
            (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


@pytest.mark.parametrize("version", ["py", "bin"])
def test_a_hundred_classes(tmp_path, version):
    folder = fill_hundred(tmp_path, version)
    for train, name in ((True, "train"), (False, "test")):
        data = CIFAR100(tmp_path, train=train)
        planes, _, fine = hundred(name)
        assert data.data.transpose(0, 3, 1, 2).tobytes() == planes.tobytes()
        assert data.targets == fine
        assert repr(data).startswith(f"Dataset CIFAR100\n    Number of datapoints: {HUNDRED[name]}")
    assert len(set(CIFAR100.classes)) == 100
    assert CIFAR100.classes == sorted(CIFAR100.classes)
    assert (data.class_to_idx["apple"], data.class_to_idx["worm"]) == (0, 99)
    if version == "bin":
        images, labels = read_cifar_binary(folder / "test.bin", label_bytes=2)
        assert (images.tobytes(), labels.tolist()) == (data.data.tobytes(), data.targets)
    else:
        (folder / "test").write_bytes(pickle.dumps({"data": planes, "fine_labels": [100, 0, 0, 0]}))
        with pytest.raises(ValueError, match=r"it has a label 100, expected 0 \.\.\. 99"):
            CIFAR100(tmp_path, train=False)
    with pytest.raises(RuntimeError, match=r"no CIFAR100 in(.|\n)*unpack cifar-100-python"):
        CIFAR100(tmp_path / "elsewhere")


def test_order_of_sources(tmp_path, monkeypatch):
    with pytest.raises(RuntimeError, match="no CIFAR10 in") as error:
        CIFAR10(tmp_path / "a")
    assert "download=True" in str(error.value)
    fill(tmp_path / "cache", "bin")
    assert CIFAR10(tmp_path / "a").root == tmp_path / "a"
    assert CIFAR10().root == str(tmp_path / "cache")
    fill(tmp_path / "env", "py")
    monkeypatch.setenv("MINICNN_DATA", str(tmp_path / "env"))
    assert CIFAR10().raw_folder == str(tmp_path / "env" / "cifar-10-batches-py")
    fill(tmp_path / "a", "py", ["data_batch_1", "data_batch_4"])
    with pytest.raises(RuntimeError, match="lacks data_batch_2 and data_batch_3 and data_batch_5"):
        CIFAR10(tmp_path / "a")


def packed(files=PARTS, names=b"y"):
    """The archive, with a file in it that nobody asked for; `names` is the file of the classes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in {**{n: python_file(n) for n in files}, "../outside": b"x", "batches.meta": names}.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def serve(monkeypatch):
    """A function that makes `archive` what the mirror has."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def serve(body, md5=None):
        server.body = body
        monkeypatch.setattr(CIFAR10, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(CIFAR10, "archive", ("cifar-10-python.tar.gz", md5 or hashlib.md5(body).hexdigest()))

    yield serve
    server.shutdown()
    server.server_close()
    thread.join()


def test_download(tmp_path, serve):
    serve(packed())
    data = CIFAR10(tmp_path / "root", download=True)
    assert len(data) == 60
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    folder = "root/cifar-10-batches-py"
    assert found == {"root/cifar-10-python.tar.gz", *(f"{folder}/{name}" for name in (*PARTS, "batches.meta"))}
    (tmp_path / folder / "test_batch").unlink()
    serve(b"")  # the archive on the disk is enough
    assert len(CIFAR10(tmp_path / "root", train=False, download=True)) == 7


def test_torchvision_reads_what_was_downloaded(tmp_path, serve):
    """And the numbers are the same. Its own checksums are for the published files."""
    theirs = reference().datasets
    names = pickle.dumps({"label_names": CIFAR10.classes}, protocol=2)
    serve(packed(names=names))
    data = CIFAR10(tmp_path, train=False, download=True)

    def listed(name):
        return [name, hashlib.md5((Path(data.raw_folder) / name).read_bytes()).hexdigest()]

    class Checked(theirs.CIFAR10):
        train_list = [listed(f"data_batch_{i}") for i in range(1, 6)]  # noqa: RUF012
        test_list = [listed("test_batch")]  # noqa: RUF012
        meta = {"filename": "batches.meta", "key": "label_names", "md5": listed("batches.meta")[1]}  # noqa: RUF012

    other = Checked(tmp_path, train=False)
    np.testing.assert_array_equal(data.data, other.data)
    assert (data.targets, data.classes, data.class_to_idx) == (other.targets, other.classes, other.class_to_idx)
    assert data[3][0].tobytes() == other[3][0].tobytes()
    assert repr(data).replace("CIFAR10", "Checked") == repr(other)


def test_downloads_that_fail(tmp_path, serve):
    serve(packed(), md5="0" * 32)
    with pytest.raises(DownloadError, match="wrong checksum"):
        CIFAR10(tmp_path, download=True)
    serve(packed(["test_batch"]))
    with pytest.raises(ValueError, match="lacks cifar-10-batches-py/data_batch_1"):
        CIFAR10(tmp_path / "b", download=True)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "cifar-10-python.tar.gz").write_bytes(packed()[:3000])
    with pytest.raises(ValueError, match="its packing is broken"):
        CIFAR10(tmp_path / "c", download=True)


class OneByOne(Dataset):
    def __init__(self, dataset):
        self.dataset = dataset

    def __getitem__(self, index):
        return self.dataset[index]

    def __len__(self):
        return len(self.dataset)


def test_batches_are_those_of_single_samples(tmp_path, backend):
    fill(tmp_path, "bin")
    norm = T.Normalize((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261))
    transform = T.Compose([T.RandomCrop(32, padding=4), T.RandomHorizontalFlip(), T.ToTensor(), norm])
    data = CIFAR10(tmp_path, transform=transform)
    for pixels in (data.data, np.ascontiguousarray(data.data)):  # planes in memory, and pixels of three bytes
        data.data = pixels
        passes = []
        for source in (data, OneByOne(data)):
            default_generator.manual_seed(1)
            with kernels.record() as used:
                passes.append([(x.numpy(), y.tolist()) for x, y in DataLoader(source, 25, shuffle=True)])
            assert len(used) == (3 if source is data else 0)
        for (x, labels), (single, same) in zip(*passes, strict=True):
            assert x.shape[1:] == (3, 32, 32)
            assert x.tobytes() == single.tobytes()
            assert labels == same
    data.targets = minicnn.tensor(data.targets)
    assert next(iter(DataLoader(data, 60)))[1].tolist() == data.targets.tolist()


PART = Path(os.environ.get("MINICNN_DATA", "nowhere")) / "cifar10-part"


@pytest.mark.skipif(not PART.is_dir(), reason="MINICNN_DATA has no cifar10-part")
def test_real_files():
    images, labels = read_cifar_binary(PART / "data_batch_1.bin")
    assert images.shape == (10_000, 32, 32, 3)
    assert np.bincount(labels).min() > 900
    assert labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert images[0, 0, 0].tolist() == [59, 62, 63]
