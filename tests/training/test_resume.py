"""`python -m minicnn.train --resume`: an interrupted run goes on to the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import numpy as np
import pytest
from runs import arrays, check_same_run, command, environment, history, resume, run, whole_and_resumed

import minicnn
from minicnn import nn, optim, train
from minicnn.capture.calls import Calls
from minicnn.training import loop
from minicnn.training.data import ImageArray
from minicnn.utils.data import DataLoader


@pytest.mark.parametrize(
    "options", [["--recipe", "course", "--lr", "1e-3"], ["--optimizer", "sgd", "--recipe", "course"]]
)
def test_more_epochs_are_the_same_as_all_at_once(small, options):
    run("--epochs", 3, "--output", "whole", *options)
    run("--epochs", 1, "--output", "parts", *options)
    resume("parts", "--epochs", 3)
    check_same_run("whole", "parts")
    assert [line["epoch"] for line in history("parts")] == ["1", "2", "3"]
    resume("parts")  # nothing left to do
    check_same_run("whole", "parts")


def ctrl_c():
    """What the keys do."""
    signal.raise_signal(signal.SIGINT)


def interrupt_after(monkeypatch, batches):
    """Ctrl-C when so many batches of the process are done."""
    count = 0
    before = train.Screen.batch

    def batch(self, totals):
        nonlocal count
        before(self, totals)
        count += 1
        if count == batches:
            ctrl_c()

    monkeypatch.setattr(train.Screen, "batch", batch)


@pytest.mark.parametrize("batches", [1, 5, 12, 13, 14, 20])  # of 13 in an epoch
@pytest.mark.parametrize("options", [[], ["--recipe", "course"]], ids=["one-cycle", "constant"])
def test_an_interrupted_run_goes_on_to_the_same_bits(small, monkeypatch, capsys, batches, options):
    run("--epochs", 2, "--output", "whole", *options)
    with monkeypatch.context() as patch:
        interrupt_after(patch, batches)
        run("--epochs", 2, "--output", "parts", *options, expect=130)
    assert "--resume parts" in capsys.readouterr().err
    assert len(arrays("parts")[1].info["history"]) == batches // 14
    resume("parts")
    assert "resumed after" in capsys.readouterr().out
    check_same_run("whole", "parts")


def test_interrupted_twice_in_one_epoch(small, monkeypatch):
    run("--epochs", 2, "--output", "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        run("--epochs", 2, "--output", "parts", expect=130)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4)
        resume("parts", expect=130)
    assert arrays("parts")[1].info["totals"]["batches"] == 7
    resume("parts")
    check_same_run("whole", "parts")


@pytest.mark.parametrize("place", ["zero_grad", "backward", "step", "replay", "scheduler", "evaluate"])
def test_interrupted_anywhere(small, monkeypatch, place):
    """Ctrl-C does not wait for the end of a batch; wherever it comes, the run goes on to the same bits."""
    run("--epochs", 2, "--output", "whole")
    owner, name, when = {  # from the third batch on the step is replayed
        "zero_grad": (optim.Adam, "zero_grad", 2),
        "backward": (minicnn.Tensor, "backward", 2),
        "step": (optim.Adam, "step", 1),
        "replay": (Calls, "run", 4),
        "scheduler": (optim.lr_scheduler.OneCycleLR, "step", 6),
        "evaluate": (loop.Trainer, "evaluate", 1),
    }[place]
    original, count = getattr(owner, name), 0

    def stop(self, *args, **options):
        nonlocal count
        count += 1
        result = original(self, *args, **options)
        if count == when:
            ctrl_c()
        return result

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, stop)
        run("--epochs", 2, "--output", "parts", expect=130)
    resume("parts")
    check_same_run("whole", "parts")


def test_masks_of_dropout_go_on_where_they_stopped():
    """A model that draws numbers of its own: passing over the batches that were done must not take them."""
    images = ImageArray(np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8), np.arange(60) % 3, shift=1)

    def trainer():
        minicnn.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 3))
        loaders = DataLoader(images, 8, shuffle=True), DataLoader(images, 30)
        return loop.Trainer(model, optim.Adam(model.parameters()), None, *loaders, epochs=2)

    whole, second = whole_and_resumed(trainer, lambda _, totals: totals.batches == 5)
    for (name, a), b in zip(whole.model.state_dict().items(), second.model.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)
    assert [e.train_loss for e in whole.history] == [e.train_loss for e in second.history]


def test_a_second_ctrl_c_stops_at_once(small, monkeypatch, capsys):
    """Within a step: what it half changed is not saved."""
    run("--epochs", 2, "--output", "whole")
    step, count, handler = Calls.run, 0, signal.getsignal(signal.SIGINT)

    def impatient(self):
        nonlocal count
        step(self)
        count += 1
        if count == 13:
            ctrl_c()
            ctrl_c()

    with monkeypatch.context() as patch:
        patch.setattr(Calls, "run", impatient)
        run("--epochs", 2, "--output", "parts", expect=130)
    assert capsys.readouterr().err.startswith("stopped at once by Ctrl-C")
    assert arrays("parts")[1].info["totals"]["batches"] == 0  # the end of the first epoch
    resume("parts")
    check_same_run("whole", "parts")
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.skipif(os.name != "posix", reason="SIGINT to a child is POSIX's")
def test_a_real_interrupt():
    arguments = ["lenet5", "--dataset", "mnist-sample", "--epochs", "400", "--recipe", "course", "--output", "out"]
    child = subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for line in child.stdout:
            if line.startswith("epoch"):
                break
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 130
    assert "stopped by Ctrl-C; go on with: python -m minicnn.train --resume out" in errors
    assert "Traceback" not in errors
    assert len(arrays("out")[1].info["history"]) >= 1
