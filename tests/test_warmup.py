"""`python -m minicnn warmup`: afterwards there is nothing left to compile."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import minicnn
from minicnn import kernels, warmup
from minicnn.kernels import compiled
from minicnn.models import NETWORKS

ROOT = Path(__file__).parents[1]
TRAIN = """
import json, sys
from minicnn import datasets, train
from minicnn.kernels import compiled
full = datasets.sample
def few(name):
    parts = full(name)
    for part in parts:
        part.data, part.targets = part.data[:300], part.targets[:300]
    return parts
datasets.sample = few
for number, recipe in enumerate(("course", "sample", "fast")):
    arguments = ["lenet5", "--dataset", "mnist-sample", "--recipe", recipe, "--epochs", "1", "--output", f"out{number}"]
    assert train.main([*arguments, "--quiet"]) == 0
print(json.dumps([[name, hit] for name, _, hit in compiled.COMPILATIONS]))
"""


@pytest.fixture(autouse=True)
def _random_state():
    state = minicnn.get_rng_state()
    yield
    minicnn.set_rng_state(state)


def test_training_finds_everything_compiled(tmp_path):
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "check": True, "timeout": 500}
    done = subprocess.run([sys.executable, "-m", "minicnn", "warmup", "lenet5"], **run)
    assert str(kernels.cache_folder()) in done.stdout
    assert done.stderr == ""
    done = subprocess.run([sys.executable, "-c", TRAIN], **run)
    loops = json.loads(done.stdout.splitlines()[-1])
    assert len(loops) > 5
    assert [name for name, hit in loops if not hit] == []


def test_progress(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(warmup, "_run", lambda name, recipe: seen.append((name, recipe)))
    monkeypatch.setattr(compiled, "COMPILATIONS", [])
    assert warmup.main(["cnn-two-layer", "lenet5"]) == 0
    two, lenet = NETWORKS["cnn-two-layer"], NETWORKS["lenet5"]
    expected = [two.course, two.sample, lenet.course, lenet.sample, lenet.fast]
    assert [recipe for _, recipe in seen] == expected
    shown = capsys.readouterr()
    assert "0/5" in shown.err  # tqdm's bar
    assert "0 loops compiled, 0 were there" in shown.out
    seen.clear()
    assert warmup.main(["--quiet"]) == 0
    assert {name for name, _ in seen} == set(NETWORKS)
    assert capsys.readouterr().err == ""


def test_other_endings(monkeypatch, capsys):
    assert warmup.main(["lenet5", "nonet"]) == 2
    assert "no network 'nonet'; there are: lenet5, " in capsys.readouterr().err
    with kernels.use("numpy"):
        assert warmup.main([]) == 0
    assert "compiles nothing" in capsys.readouterr().out

    def interrupted(name, recipe):
        raise KeyboardInterrupt

    monkeypatch.setattr(warmup, "_run", interrupted)
    assert warmup.main(["lenet5", "--quiet"]) == 130
    assert "stopped by Ctrl-C" in capsys.readouterr().err
