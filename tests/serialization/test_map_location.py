"""minicnn.load: where the tensors of a file that was saved elsewhere go."""

from __future__ import annotations

import io
import zipfile

import pytest

import minicnn
from minicnn.serialization import LoadError


def on_a_gpu(place="cuda:0"):
    """The bytes of a file whose tensor was saved on a GPU."""
    file = io.BytesIO()
    minicnn.save({"a": minicnn.arange(3.0)}, file)
    archive, result = zipfile.ZipFile(file), io.BytesIO()
    with zipfile.ZipFile(result, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            old, new = (b"X" + len(t).to_bytes(4, "little") + t for t in (b"cpu", place.encode()))
            changed.writestr(name, data.replace(old, new) if name.endswith(".pkl") else data)
    return result.getvalue()


@pytest.mark.parametrize(
    "map_location",
    [
        "cpu",
        minicnn.device("cpu"),
        {"cuda:0": "cpu"},
        lambda storage, place: storage,
        lambda storage, place: storage.cpu(),
    ],
)
def test_map_location(map_location):
    assert minicnn.load(io.BytesIO(on_a_gpu()), map_location=map_location)["a"].tolist() == [0, 1, 2]


def test_map_location_sees_storage_and_place():
    seen = []
    minicnn.load(
        io.BytesIO(on_a_gpu("cuda:3")), lambda storage, place: seen.append((storage.tolist(), place)) or storage
    )
    assert seen == [([0, 1, 2], "cuda:3")]


@pytest.mark.skipif(minicnn.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("map_location", [None, {"cuda:1": "cpu"}, lambda storage, place: None])
def test_without_a_gpu_the_way_out_is_named(map_location):
    with pytest.raises(RuntimeError, match=r"cuda:0, and there is no GPU here.*map_location='cpu'"):
        minicnn.load(io.BytesIO(on_a_gpu()), map_location=map_location)


def test_wrong_places():
    with pytest.raises(LoadError, match=r"saved on a device 'xla:0', which minicnn does not have.*map_location='cpu'"):
        minicnn.load(io.BytesIO(on_a_gpu("xla:0")))
    with pytest.raises(TypeError, match="`map_location` returned something else than the storage"):
        minicnn.load(io.BytesIO(on_a_gpu()), map_location=lambda storage, place: [1])
