"""Two processes that compile into one cache: each loop once, and neither waits for one that is gone."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from minicnn.kernels import together

ROOT = Path(__file__).resolve().parents[2]


class Helper:
    """A second process, as subprocess.Popen sees it."""

    def __init__(self):
        self.code = None

    def poll(self):
        return self.code


@pytest.fixture
def helper(monkeypatch):
    """There is a helper; the test decides when it ends."""
    found = Helper()
    monkeypatch.setattr(together, "_helper", found)
    return found


def test_one_waits_while_the_other_compiles(helper, tmp_path):
    order = []

    def other():
        with together.turn(tmp_path, "a loop"):
            order.append("compiled")
            time.sleep(0.2)
            order.append("done")

    thread = threading.Thread(target=other)
    thread.start()
    while not order:
        time.sleep(0.01)
    with together.turn(tmp_path, "another loop"):
        order.append("another")
    with together.turn(tmp_path, "a loop"):
        order.append("loaded")
    thread.join()
    assert order == ["compiled", "another", "done", "loaded"]
    assert list(tmp_path.iterdir()) == []


def test_nobody_waits_for_a_process_that_is_gone(helper, tmp_path):
    with together.turn(tmp_path, "a loop"):
        (claim,) = tmp_path.iterdir()
    claim.touch()  # as a process leaves it that is killed
    threading.Timer(0.1, lambda: setattr(helper, "code", -9)).start()
    with together.turn(tmp_path, "a loop"):
        assert helper.code == -9


def test_without_a_helper_nothing_is_claimed(monkeypatch, tmp_path):
    monkeypatch.setattr(together, "_helper", None)
    with together.turn(tmp_path / "none", "a loop"):
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("processors", "environment"), [(1, {}), (2, {together.ALONE: "1"}), (2, {together.HELPS: "1"})]
)
def test_when_no_helper_is_started(processors, environment, monkeypatch):
    monkeypatch.setattr(together, "_helper", None)
    monkeypatch.delenv(together.ALONE, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail("started"))
    together.start(processors)


PROGRAM = """
import minicnn
from minicnn import nn
from minicnn.kernels import compiled, together
x = minicnn.rand(32, 1, 8, 8)
layer = nn.Conv2d(1, 8, 3)
layer(x).sum().backward()
if together._helper is not None:
    together._helper.wait()
print(len(compiled.COMPILATIONS), sum(hit for _, _, hit in compiled.COMPILATIONS), together._helper is not None)
"""


@pytest.mark.slow
def test_a_first_run_has_help_and_the_second_finds_all(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in (together.ALONE, "MINICNN_KERNELS")}
    environment |= {"MINICNN_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def run():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        loops, hits, helped = done.stdout.split()
        return int(loops), int(hits), helped == "True"

    loops, hits, helped = run()
    assert helped or len(os.sched_getaffinity(0)) < 2
    assert loops > hits
    assert not list(tmp_path.rglob("*.claim"))
    assert run() == (loops, loops, False)
