"""What the tests of the training command share: to start a run, to go on with it, to read what it left."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import minicnn
from minicnn import serialization, train

RUN = ["lenet5", "--dataset", "mnist-sample", "--quiet"]


FILES = ["checkpoint.safetensors", "confusion.png", "curves.png", "history.csv"]


def run(*arguments, expect=0):
    """`train.main` in this process."""
    code = train.main([*RUN, *map(str, arguments)])
    assert code == expect


def resume(folder, *arguments, expect=0):
    """Go on with a run, in this process."""
    assert train.main(["--resume", str(folder), "--quiet", *map(str, arguments)]) == expect


def arrays(folder):
    """Every array of the checkpoint."""
    found = serialization.load_checkpoint(Path(folder) / "checkpoint.safetensors")
    result = {f"model {name}": value.numpy() for name, value in found.model.items()}
    for index, state in found.optimizer["state"].items():
        result |= {f"optimizer {index} {name}": np.asarray(value) for name, value in state.items()}
    result |= {f"random {name}": np.frombuffer(state, np.uint8) for name, state in found.random_state.items()}
    return result, found


def check_same_run(a, b):
    """Two runs left the same bits: weights, optimiser, random stream, history (but for the seconds)."""
    (ours, our_rest), (theirs, their_rest) = arrays(a), arrays(b)
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    assert our_rest.scheduler == their_rest.scheduler
    assert our_rest.optimizer["param_groups"] == their_rest.optimizer["param_groups"]
    histories = [[line | {"seconds": 0} for line in rest.info["history"]] for rest in (our_rest, their_rest)]
    assert histories[0] == histories[1]
    assert len(histories[0]) > 0


def whole_and_resumed(make, stops):
    """Two of `make`'s trainers after their runs: one whole, one that was stopped where `stops(trainer, totals)` says
    and goes on, in a third trainer, from its checkpoint."""

    def nothing(_):
        pass

    def stop(totals):
        if stops(first, totals):
            raise train.Stopped

    whole, first = make(), make()
    minicnn.manual_seed(3)
    whole.run(nothing, nothing)
    minicnn.manual_seed(3)
    with pytest.raises(train.Stopped):
        first.run(stop, nothing)
    serialization.save_checkpoint("stopped.safetensors", first.checkpoint({}))
    resumed = make()
    minicnn.manual_seed(99)  # the checkpoint has the random stream
    resumed.restore(serialization.load_checkpoint("stopped.safetensors"))
    resumed.run(nothing, nothing)
    return whole, resumed


def check_picture(path):
    """A PNG file that shows something, and all of it: nothing reaches the edge."""
    from PIL import Image

    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    pixels = np.asarray(Image.open(path).convert("L"))
    assert min(pixels.shape) > 300
    assert pixels.std() > 5
    assert {*pixels[0], *pixels[-1], *pixels[:, 0], *pixels[:, -1]} == {255}


def history(folder):
    """The lines of history.csv."""
    with (Path(folder) / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def command(*arguments):
    """The command in a process of its own."""
    return [sys.executable, "-m", "minicnn.train", *map(str, arguments)]


def environment():
    """One thread, an empty cache of data sets, and this checkout's minicnn."""
    root = str(Path(minicnn.__file__).parents[1])
    return os.environ | {"PYTHONPATH": root, "MINICNN_NUM_THREADS": "1"}
