"""Thousands of damaged files: each loads, or raises the documented exception, in bounded time and memory.

Damage is what happens to files: the end is missing, bits are flipped, a piece is lost, doubled, swapped or comes
from another file. `MINICNN_TEST_SEED` brings a failing run back.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

import minicnn
from minicnn import nn, optim
from minicnn.serialization import (
    Checkpoint,
    LoadError,
    load_checkpoint,
    load_file,
    save_checkpoint,
    save_file,
)

SLACK = 1 << 22  # bytes that reading takes whatever the file


def a_training():
    """What a training saves."""
    minicnn.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    model(minicnn.rand(4, 1, 4, 4)).sum().backward()
    optimizer.step()
    return model, optimizer


def before_1_6(data):
    """The zip archive `data` in the format of PyTorch before 1.6."""
    counts = {}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            return OrderedDict if name == "OrderedDict" else lambda *arguments: None

        def persistent_load(self, what):
            counts[what[2]] = what[4]

    with zipfile.ZipFile(io.BytesIO(data)) as file:
        (pickled,) = [file.read(name) for name in file.namelist() if name.endswith("data.pkl")]
        Unpickler(io.BytesIO(pickled)).load()
        memory = {key: file.read(next(n for n in file.namelist() if n.endswith(f"/data/{key}"))) for key in counts}
    row = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    row += [pickled, pickle.dumps(list(memory), 2)]
    row += [struct.pack("<q", counts[key]) + numbers for key, numbers in memory.items()]
    return b"".join(row)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """For each kind of file: two whole ones, so that pieces of one can get into the other."""
    folder = tmp_path_factory.mktemp("whole")
    model, optimizer = a_training()
    state = model.state_dict()
    half = {name: value for name, value in state.items() if "weight" in name}
    minicnn.save({"model": state, "optimizer": optimizer.state_dict(), "history": [0.5, (1, "x")]}, folder / "0.pth")
    minicnn.save(
        [model[0].weight.t() if model[0].weight.ndim == 2 else model[3].weight.t(), {1, 2}, b"x"], folder / "1.pth"
    )
    for suffix in (".safetensors", ".npz"):
        save_file(state, folder / f"0{suffix}")
        save_file(half, folder / f"1{suffix}")
    np.savez_compressed(folder / "1.npz", **{name: value.numpy() for name, value in half.items()})
    for number, info in enumerate(({"epoch": 1}, {"epoch": 2, "notes": "x" * 100})):
        save_checkpoint(folder / f"{number}.checkpoint", Checkpoint(state, optimizer.state_dict(), info=info))
    kinds = (".pth", ".safetensors", ".npz", ".checkpoint")
    files = {kind: [(folder / f"{number}{kind}").read_bytes() for number in (0, 1)] for kind in kinds}
    return {**files, ".old": [before_1_6(data) for data in files[".pth"]]}


LOADERS = {
    ".pth": (minicnn.load, (LoadError,)),
    ".old": (minicnn.load, (LoadError,)),
    ".safetensors": (load_file, (LoadError,)),
    ".npz": (load_file, (LoadError,)),
    ".checkpoint": (load_checkpoint, (ValueError,)),
}


def damaged(rng, first, second):
    """`first` after one or two accidents."""
    data = bytearray(first)
    for _ in range(rng.integers(1, 3)):
        way = rng.integers(0, 8)
        at, length = int(rng.integers(0, len(data) + 1)), int(2 ** rng.uniform(0, 12))
        if way == 0:  # the end is missing
            del data[at:]
        elif way in (1, 2):  # bits are flipped
            for place in rng.integers(0, max(len(data), 1), rng.integers(1, 9)) if data else ():
                data[place] ^= 1 << int(rng.integers(8))
        elif way == 3:  # a byte of a header or of the end is another
            near = int(rng.integers(0, min(len(data), 300))) if data else 0
            place = near if rng.integers(2) else len(data) - 1 - near
            data[place : place + 1] = rng.bytes(1)
        elif way == 4:  # a piece is lost
            del data[at : at + length]
        elif way == 5:  # a piece is there twice
            data[at:at] = data[at : at + length]
        elif way == 6:  # a piece of another file
            start = int(rng.integers(0, len(second)))
            data[at : at + length] = second[start : start + length]
        else:  # zeros, as a disk leaves them
            data[at : at + length] = bytes(len(data[at : at + length]))
    return bytes(data)


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("count", [200, pytest.param(2_600, marks=pytest.mark.slow)])
def test_damaged(sources, tmp_path, rng, kind, count):
    load, errors = LOADERS[kind]
    path, outcomes, slowest = tmp_path / f"x{kind}", Counter(), 0.0
    for number in range(count):
        order = sources[kind] if number % 2 else sources[kind][::-1]
        data = damaged(rng, *order)
        path.write_bytes(data)
        measured = number % 10 == 0  # tracing the memory is slow
        if measured:
            tracemalloc.start()
        start = time.process_time()
        try:
            load(path)
            outcomes["loaded"] += 1
        except errors as error:
            outcomes["refused" if str(path) in str(error) else f"unnamed: {error}"] += 1
        finally:
            took = time.process_time() - start
            if measured:
                peak = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
        slowest = max(slowest, took)
        if measured:
            assert peak < 2 * len(data) + SLACK
    print(f"{kind}: {dict(outcomes)}, slowest {slowest:.3f} s")
    assert slowest < 1
    assert set(outcomes) <= {"loaded", "refused"}
    assert outcomes["refused"] > 0.5 * count


def test_cut_off_anywhere(sources, tmp_path):
    """The first bytes of a file, however many, are never taken for the file."""
    for kind, (load, errors) in LOADERS.items():
        data = sources[kind][0]
        for end in (*range(0, len(data), 41), *range(len(data) - 30, len(data))):
            path = tmp_path / f"x{kind}"
            path.write_bytes(data[:end])
            with pytest.raises(errors):
                load(path)


def test_a_flipped_bit_of_a_number_is_noticed(sources):
    """Tensors of a .pth file have a checksum: a changed number is never loaded as if it were right."""
    whole = sources[".pth"][0]
    right = minicnn.load(io.BytesIO(whole))["model"]["0.weight"].numpy().tobytes()
    at = whole.index(right)
    for bit in range(8 * len(right)):
        data = bytearray(whole)
        data[at + bit // 8] ^= 1 << bit % 8
        with pytest.raises(LoadError, match="does not have its checksum"):
            minicnn.load(io.BytesIO(bytes(data)))


def test_a_disk_that_fails_in_the_middle(tmp_path):
    """An error of the file system is told as one, and as no damage of the file."""

    class Failing(io.BytesIO):
        def readinto(self, buffer):
            raise OSError(5, os.strerror(5))

    file = io.BytesIO()
    minicnn.save(minicnn.ones(3), file)
    with pytest.raises(OSError, match=r"Errno 5"):
        minicnn.load(Failing(file.getvalue()))
