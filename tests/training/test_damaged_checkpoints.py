"""`python -m minicnn.train --resume` of damaged checkpoints, and a disk that is full."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from runs import FILES, resume, run

import minicnn
from minicnn import models, optim, serialization, train


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sound checkpoint file, as bytes."""
    path = tmp_path_factory.mktemp("whole") / "checkpoint.safetensors"
    minicnn.manual_seed(0)
    model = models.lenet5()
    settings = {
        "network": "lenet5",
        "dataset": "mnist-sample",
        "seed": 42,
        "device": "cpu",
        "softmax_output": False,
        "epochs": 1,
        "batch_size": 32,
        "lr": 1e-3,
        "optimizer": "adam",
        "schedule": "constant",
        "drop_last": False,
        "shift": 0,
    }
    optimizer = optim.Adam(model.parameters())
    state = minicnn.get_rng_state().numpy().tobytes()
    info = {
        "settings": settings, "history": [], "seconds": 0.0,
        "totals": {"loss": 0.0, "correct": 0, "samples": 0, "batches": 0},
    }  # fmt: skip
    serialization.save_checkpoint(
        path,
        serialization.Checkpoint(
            model.state_dict(), optimizer.state_dict(), {}, {"now": state, "epoch_start": state}, info
        ),
    )
    return path.read_bytes()


def refused(data, capsys):
    """The command refuses a folder whose checkpoint is `data`, in one line, and leaves it as it is."""
    folder = Path("run")
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint.safetensors").write_bytes(data)
    code = train.main(["--resume", "run"])
    shown = capsys.readouterr()
    assert code == 2
    assert shown.err.count("\n") == 1
    assert "run" in shown.err
    assert (folder / "checkpoint.safetensors").read_bytes() == data
    return shown.err


@pytest.mark.parametrize("kept", [0, 5, 8, 500, 20_000, -1])
def test_truncated(whole, capsys, kept):
    assert "damaged" in refused(whole[:kept], capsys)


def test_longer_than_it_says(whole, capsys):
    assert "damaged" in refused(whole + b"more", capsys)


def test_other_files(capsys, tmp_path):
    from safetensors.numpy import save

    error = refused(save({"a": np.zeros(3)}), capsys)
    assert "not a minicnn checkpoint" in error
    assert "damaged" in refused(b"PK\x03\x04 something else altogether", capsys)


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bits(whole, capsys, seed):
    """In the heading (names, shapes, settings, checksum) and in the numbers."""
    random = np.random.default_rng(seed)
    heading = int.from_bytes(whole[:8], "little") + 8
    low, high = (0, heading) if seed % 3 else (heading, len(whole))
    data = bytearray(whole)
    data[random.integers(low, high)] ^= 1 << int(random.integers(0, 8))
    refused(bytes(data), capsys)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.info.pop("settings"),
        lambda c: c.info.pop("history"),
        lambda c: c.info["settings"].pop("lr"),
        lambda c: c.info["settings"].__setitem__("network", "gone"),
        lambda c: c.info["settings"].__setitem__("optimizer", "gone"),
        lambda c: c.info["settings"].__setitem__("batch_size", "many"),
        lambda c: c.info["totals"].__setitem__("extra", 1),
        lambda c: c.info.__setitem__("history", [{"epoch": 1}]),
        lambda c: c.model.pop("features.0.weight"),
        lambda c: c.model.__setitem__("more", minicnn.zeros(2)),
        lambda c: c.model.__setitem__("features.0.weight", minicnn.zeros(2)),
        lambda c: c.random_state.pop("now"),
        lambda c: c.random_state.__setitem__("now", b"short"),
        lambda c: c.random_state.pop("epoch_start"),
        lambda c: c.optimizer["param_groups"][0]["params"].pop(),
    ],
)
def test_a_sound_file_with_the_wrong_things_in_it(whole, capsys, change):
    path = Path("checkpoint.safetensors")
    path.write_bytes(whole)
    checkpoint = serialization.load_checkpoint(path)
    change(checkpoint)
    serialization.save_checkpoint(path, checkpoint)
    refused(path.read_bytes(), capsys)


def test_the_sound_file_itself(whole, small):
    Path("run").mkdir()
    (Path("run") / "checkpoint.safetensors").write_bytes(whole)
    resume("run")
    assert sorted(p.name for p in Path("run").iterdir()) == FILES


def test_a_failed_save_keeps_the_old_file(whole, monkeypatch):
    path = Path("checkpoint.safetensors")
    path.write_bytes(whole)
    checkpoint = serialization.load_checkpoint(path)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        serialization.save_checkpoint(path, checkpoint)
    assert path.read_bytes() == whole
    assert [p.name for p in Path().iterdir()] == [path.name]


def test_a_full_disk_is_one_line(small, monkeypatch, capsys):
    def full(path, checkpoint):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train, "save_checkpoint", full)
    run("--epochs", 1, "--output", "out", expect=1)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "No space left on device" in error
