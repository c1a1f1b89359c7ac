"""`python -m minicnn.train`: what it writes, how it goes on, what it refuses."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minicnn
from minicnn import datasets, models, nn, optim, serialization, train
from minicnn.capture.calls import Calls
from minicnn.training import loop
from minicnn.training.data import ImageArray
from minicnn.training.schedules import SCHEDULES
from minicnn.utils.data import DataLoader

SMALL = 10  # one image in so many of the sample: 400 for training, 100 for validation
RUN = ["lenet5", "--dataset", "mnist-sample", "--quiet"]
FILES = ["checkpoint.safetensors", "confusion.png", "curves.png", "history.csv"]
COLUMNS = ["epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr", "seconds"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every run in an empty folder of its own, without data sets of the machine and without network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINICNN_DATA", raising=False)
    monkeypatch.setattr(datasets, "load", no_network)
    state = minicnn.get_rng_state()
    yield
    minicnn.set_rng_state(state)


def no_network(name, root=None, download=True):
    """A data set that cannot be had."""
    raise datasets.DownloadError(f"no mirror has {name}")


@pytest.fixture
def small(monkeypatch):
    """A tenth of the sample, so that an epoch takes a moment."""
    full = datasets.sample

    def tenth(name):
        parts = full(name)
        for part in parts:
            part.data, part.targets = part.data[::SMALL], part.targets[::SMALL]
        return parts

    monkeypatch.setattr(datasets, "sample", tenth)


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


def check_picture(path):
    """A PNG file that shows something."""
    from PIL import Image

    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    pixels = np.asarray(Image.open(path).convert("L"))
    assert min(pixels.shape) > 300
    assert pixels.std() > 5


def history(folder):
    """The lines of history.csv."""
    with (Path(folder) / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


# --- what a run leaves --------------------------------------------------------------------------------


def test_outputs(small, capsys):
    run("--epochs", 2, "--output", "out")
    assert sorted(p.name for p in Path("out").iterdir()) == FILES
    for name in ("curves.png", "confusion.png"):
        check_picture(Path("out") / name)
    lines = history("out")
    assert list(lines[0]) == COLUMNS
    assert [line["epoch"] for line in lines] == ["1", "2"]
    assert all(0 <= float(line["train_accuracy"]) <= 1 for line in lines)
    assert float(lines[1]["train_loss"]) < float(lines[0]["train_loss"])
    model = models.lenet5()
    model.load_state_dict(serialization.load_weights("out/checkpoint.safetensors"))
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "61,706 parameters" in shown.out
    assert "400 training and 100 validation images from minicnn's embedded sample" in shown.out
    assert "recipe: 2 epochs, batch 32, adam, one-cycle learning rate 0.004, shifts of ±2 pixels, seed 42" in shown.out
    assert shown.out.count("\nepoch ") == 2
    final = next(line for line in shown.out.splitlines() if line.startswith("validation accuracy"))
    assert f"{100 * float(lines[1]['validation_accuracy']):.2f} %" in final


def test_the_checkpoint_scores_what_the_history_says(small):
    run("--epochs", 1, "--recipe", "course", "--output", "out")
    model = models.lenet5()
    model.load_state_dict(serialization.load_weights("out/checkpoint.safetensors"))
    sample = train.training_data.load("mnist-sample", None)
    sample.fit(32)
    held_out = sample.validation
    x, y = held_out.get_batch(np.arange(len(held_out)))
    with minicnn.no_grad():
        model.eval()
        accuracy = (model(x).argmax(1) == y).sum().item() / len(y)
    assert float(history("out")[0]["validation_accuracy"]) == pytest.approx(accuracy, abs=0.011)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--recipe", "course", "--lr", "2e-3"], "batch 32, adam, constant learning rate 0.002, seed 42"),
        (["--optimizer", "sgd", "--schedule", "constant", "--lr", "0.05"], "sgd, constant learning rate 0.05"),
        (
            ["--batch-size", "50", "--seed", "7"],
            "batch 50, adam, one-cycle learning rate 0.004, shifts of ±2 pixels, seed 7",
        ),
        (["--softmax-output", "--lr", "1e-3"], "one-cycle learning rate 0.001"),
        (["--optimizer", "sgd", "--lr", "0.1"], "sgd, one-cycle learning rate 0.1"),
        (["--optimizer", "adagrad", "--schedule", "linear"], "adagrad, linear learning rate 0.01"),  # its own rate
        (["--optimizer", "adadelta", "--schedule", "cosine"], "adadelta, cosine learning rate 1,"),
        (["--optimizer", "adam", "--schedule", "step"], "adam, step learning rate 0.004"),  # the recipe's own
        (
            ["--optimizer", "rmsprop", "--momentum", "0.5", "--schedule", "constant", "--lr", "1e-3"],
            "rmsprop, constant learning rate 0.001, shifts of ±2 pixels, momentum 0.5, seed 42",
        ),
    ],
)
def test_options(small, capsys, options, says):
    run("--epochs", 1, "--output", "out", *options)
    assert says in capsys.readouterr().out
    (line,) = history("out")
    loss = float(line["train_loss"])
    assert (1.46 < loss < 2.47) if "--softmax-output" in options else loss < 3


def test_the_other_network_and_data_set(small, capsys):
    assert train.main(["lenet5-relu", "--dataset", "fashion-mnist-sample", "--epochs", "1", "--quiet"]) == 0
    assert sorted(p.name for p in Path("runs/lenet5-relu").iterdir()) == FILES
    assert "545,546 parameters" in capsys.readouterr().out


def test_same_seed_same_run(small):
    run("--epochs", 1, "--output", "a")
    run("--epochs", 1, "--output", "b")
    check_same_run("a", "b")
    run("--epochs", 1, "--output", "c", "--seed", 43)
    assert not np.array_equal(arrays("a")[0]["model classifier.0.weight"], arrays("c")[0]["model classifier.0.weight"])


def test_progress_bar(small, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert train.main([*RUN[:-1], "--epochs", "1", "--output", "out"]) == 0
    assert "epoch 1/1" in capsys.readouterr().err


# --- data ----------------------------------------------------------------------------------------------


def test_an_explicit_data_set_never_falls_back(capsys):
    assert train.main(["lenet5", "--dataset", "mnist", "--epochs", "1"]) == 2
    shown = capsys.readouterr()
    assert "no mirror has mnist" in shown.err
    assert shown.out == ""
    assert not Path("runs").exists()


def test_without_a_name_the_sample_steps_in_and_says_so(small, capsys):
    assert train.main(["lenet5", "--epochs", "1", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("MNIST could not be fetched, so this run uses the embedded sample")
    assert "MINICNN_DATA" in shown.err
    assert "shifts of ±2 pixels" in shown.out
    assert arrays("runs/lenet5")[1].info["settings"]["dataset"] == "mnist-sample"
    resume("runs/lenet5")  # and goes on with the sample, without asking for the full set again


def test_shifted_images_are_windows_of_the_padded_ones():
    images = np.arange(1, 2 * 16 + 1, dtype=np.uint8).reshape(2, 4, 4)
    data = ImageArray(images, np.array([3, 4]), shift=1)
    minicnn.manual_seed(0)
    x, y = data.get_batch(np.array([1] * 200))
    assert x.shape == (200, 1, 4, 4)
    assert y.tolist() == [4] * 200
    padded = np.pad(images[1], 1).astype(np.float32) / 255
    windows = [padded[i : i + 4, j : j + 4] for i in range(3) for j in range(3)]
    places = {next(i for i, w in enumerate(windows) if np.array_equal(w, row[0])) for row in x.numpy()}
    assert len(places) == 9
    one, label = data[0]
    assert one.shape == (1, 4, 4)
    assert label.item() == 3


# --- going on ------------------------------------------------------------------------------------------


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
        "zero_grad": (train.optim.Adam, "zero_grad", 2),
        "backward": (minicnn.Tensor, "backward", 2),
        "step": (train.optim.Adam, "step", 1),
        "replay": (Calls, "run", 4),
        "scheduler": (train.optim.lr_scheduler.OneCycleLR, "step", 6),
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


def rates(schedule, epochs, batches=3):
    """The learning rate after each epoch (of the first batch, for one that changes with every batch)."""
    optimizer = optim.SGD([minicnn.zeros(1, requires_grad=True)], lr=0.8)
    plan = SCHEDULES[schedule]
    scheduler = plan.build(optimizer, 0.8, epochs, batches)
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
            if plan.every_batch:
                scheduler.step()
        if scheduler is not None and not plan.every_batch:
            scheduler.step(*([1.0] if schedule == "plateau" else []))
    return found


def test_schedules_fit_the_length_of_the_run():
    tenth, hundredth = 0.1 ** np.arange(3), 0.01 ** (np.arange(6) / 6)
    expected = {
        "constant": [0.8] * 6,
        "step": 0.8 * np.repeat(tenth, 2),
        "multi-step": 0.8 * np.array([1, 1, 1, 0.1, 0.01, 0.01]),
        "exponential": 0.8 * hundredth,
        "linear": 0.8 * np.linspace(1, 0.01, 7)[:6],
        "cosine": 0.4 * (1 + np.cos(np.pi * np.arange(6) / 6)),
        "cosine-restarts": [0.8, 0.4] * 3,
        "plateau": 0.8 * np.array([1, 1, 1, 1, 0.1, 0.1]),
    }
    assert set(expected) | {"one-cycle"} == set(SCHEDULES)
    for name, values in expected.items():
        np.testing.assert_allclose(rates(name, 6), values, rtol=1e-9, err_msg=name)
    cycle = rates("one-cycle", 6)
    assert max(cycle) == pytest.approx(0.8, rel=0.1)
    assert cycle[0] < 0.1 > cycle[-1]
    for name in SCHEDULES:
        assert len(rates(name, 1)) == 1  # the shortest run


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["sgd", "nadam", "adadelta", "rmsprop"])
def test_every_schedule_and_optimiser_goes_on_where_it_stopped(schedule, optimizer):
    images = ImageArray(np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8), np.arange(60) % 3)

    def trainer():
        minicnn.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
        loaders = DataLoader(images, 20, shuffle=True), DataLoader(images, 30)
        steps = train.OPTIMIZERS[optimizer](model.parameters(), lr=0.01)
        plan = SCHEDULES[schedule]
        return loop.Trainer(
            model, steps, plan.build(steps, 0.01, 5, 3), *loaders, epochs=5, step_every_batch=plan.every_batch
        )

    def stop(totals):
        if totals.batches == 2 and len(first.history) == 3:
            raise train.Stopped

    whole = trainer()
    whole.run(lambda totals: None, lambda epoch: None)
    first = trainer()
    with pytest.raises(train.Stopped):
        first.run(stop, lambda epoch: None)
    serialization.save_checkpoint("x.safetensors", first.checkpoint({}))
    second = trainer()
    minicnn.manual_seed(99)
    second.restore(serialization.load_checkpoint("x.safetensors"))
    second.run(lambda totals: None, lambda epoch: None)
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    drop_seconds = lambda trained: [replace(epoch, seconds=0) for epoch in trained.history]  # noqa: E731
    assert drop_seconds(second) == drop_seconds(whole)
    changes = {epoch.lr for epoch in whole.history}
    assert (len(changes) > 1) == (schedule not in ("constant", "plateau"))


def test_a_planned_schedule_cannot_get_longer(small, capsys):
    run("--epochs", 1, "--output", "a", "--schedule", "cosine")
    resume("a", "--epochs", 3, expect=2)
    assert "this run's learning rates are planned to its end" in capsys.readouterr().err
    run("--epochs", 1, "--output", "b", "--schedule", "plateau")
    resume("b", "--epochs", 2)
    assert len(history("b")) == 2


def test_a_hundred_classes(monkeypatch, capsys):
    class Hundred:
        data = np.random.default_rng(0).integers(0, 256, (200, 32, 32)).astype(np.uint8)
        targets, classes = np.arange(200) % 100, datasets.CIFAR100.classes

    monkeypatch.setattr(datasets, "load", lambda *_: (Hundred(), Hundred(), "the test"))
    arguments = ["lenet5", "--dataset", "cifar100", "--epochs", "1", "--quiet", "--output", "out"]
    assert train.main(arguments) == 0
    assert "CIFAR-100: 200 training and 200 test images" in capsys.readouterr().out
    assert arrays("out")[0]["model classifier.2.weight"].shape == (100, 84)
    check_picture(Path("out/confusion.png"))


def test_bitmaps_are_of_ten_digits(monkeypatch, capsys):
    class Hundred:
        data, targets, classes = np.zeros((100, 28, 28), np.uint8), np.arange(100), [str(i) for i in range(100)]

    monkeypatch.setattr(datasets, "load", lambda *_: (Hundred(), Hundred(), "the test"))
    assert train.main(["lenet5-1998", "--dataset", "kmnist", "--output", "out"]) == 2
    assert "lenet5-1998 tells ten classes apart; Kuzushiji-MNIST has 100" in capsys.readouterr().err


def test_every_data_set_has_a_name_and_a_title():
    from minicnn.datasets.named import NAMES

    assert set(NAMES) == set(train.training_data.TITLES)
    assert set(train.DATASETS) == set(NAMES) | {"mnist-sample", "fashion-mnist-sample"}


def test_masks_of_dropout_go_on_where_they_stopped():
    """A model that draws numbers of its own: passing over the batches that were done must not take them."""
    images = ImageArray(np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8), np.arange(60) % 3, shift=1)

    def trainer():
        minicnn.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 3))
        loaders = DataLoader(images, 8, shuffle=True), DataLoader(images, 30)
        return loop.Trainer(model, train.optim.Adam(model.parameters()), None, *loaders, epochs=2)

    def stop(totals):
        if totals.batches == 5:
            raise train.Stopped

    whole = trainer()
    whole.run(lambda totals: None, lambda epoch: None)
    first = trainer()
    with pytest.raises(train.Stopped):
        first.run(stop, lambda epoch: None)
    serialization.save_checkpoint("checkpoint", first.checkpoint({}))
    second = trainer()
    second.restore(serialization.load_checkpoint("checkpoint"))
    second.run(lambda totals: None, lambda epoch: None)
    for (name, a), b in zip(whole.model.state_dict().items(), second.model.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)
    assert [e.train_loss for e in whole.history] == [e.train_loss for e in second.history]


def test_a_second_ctrl_c_stops_at_once(small, monkeypatch, capsys):
    """Within a step: what it half changed is not saved."""
    run("--epochs", 2, "--output", "whole")
    step, count = Calls.run, 0

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
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def command(*arguments):
    """The command in a process of its own."""
    return [sys.executable, "-m", "minicnn.train", *map(str, arguments)]


def environment():
    """One thread, an empty cache of data sets, and this checkout's minicnn."""
    root = str(Path(minicnn.__file__).parents[1])
    return os.environ | {"PYTHONPATH": root, "MINICNN_NUM_THREADS": "1"}


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


# --- what it refuses -----------------------------------------------------------------------------------

WRONG = [
    (["nonet"], "nonet"),
    ([], "which network? One of: lenet5, lenet5-relu"),
    (["lenet5", "--epochs", "0"], "'0' is not a whole number of at least 1"),
    (["lenet5", "--epochs", "two"], "'two'"),
    (["lenet5", "--batch-size", "-5"], "-5"),
    (
        ["lenet5-relu", "--batch-size", "9999", "--dataset", "mnist-sample", "--recipe", "course"],
        "9999 is larger than the 4,000",
    ),
    (["lenet5", "--lr", "0"], "'0' is not a number above 0"),
    (["lenet5", "--lr", "nan"], "'nan'"),
    (["lenet5", "--optimizer", "lion"], "invalid choice: 'lion'"),
    (["lenet5", "--momentum", "1"], "argument --momentum: '1' is not a number from 0 to below 1"),
    (["lenet5", "--weight-decay", "-1e-4"], "argument --weight-decay"),
    (["lenet5", "--weight-decay", "inf"], "'inf' is not a number from 0 up"),
    (
        ["lenet5", "--momentum", "0.9", "--dataset", "mnist-sample"],
        "--momentum belongs to sgd and rmsprop; this run's --optimizer is adam",
    ),
    (
        ["lenet5", "--momentum", "0.9", "--optimizer", "sgd", "--dataset", "mnist-sample"],
        "--momentum: the schedule one-cycle moves it up and down by itself; choose another --schedule",
    ),
    (["--resume", "nowhere", "--weight-decay", "0"], "--weight-decay can't be changed"),
    (["lenet5", "--schedule", "sawtooth"], "invalid choice: 'sawtooth'"),
    (["lenet5", "--dataset", "imagenet"], "imagenet"),
    (["lenet5", "--seed", "x"], "'x'"),
    (["lenet5", "--recipe", "quick"], "quick"),
    (["lenet5-relu", "--recipe", "fast", "--dataset", "mnist-sample"], "lenet5-relu has only course and sample"),
    (["cnn-cifar10", "--dataset", "mnist-sample"], "takes images of 3 channels; those of MNIST sample have 1"),
    (["cnn-cifar10"], "no mirror has cifar10"),
    (["lenet5", "--no-such-flag"], "--no-such-flag"),
    (["lenet5", "--device", "tpu"], "train: --device tpu: expected cpu, or cuda (cuda:0, cuda:1, …)"),
    (["lenet5-relu", "--softmax-output"], "--softmax-output belongs to lenet5"),
    (["--resume", "nowhere"], "there is no checkpoint nowhere"),
    (["--resume", "nowhere", "--lr", "1"], "--lr can't be changed"),
    (["lenet5", "--resume", "nowhere"], "network"),
    (["--resume", "nowhere", "--softmax-output"], "--softmax-output can't be changed"),
    (["--resume", "nowhere", "--seed", "0"], "--seed can't be changed"),
    (["lenet5", "--seed", str(2**70), "--dataset", "mnist-sample"], str(2**70)),
    (["lenet5", "--seed", "-1", "--dataset", "mnist-sample", "--threads", "0"], "'0'"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_arguments(capsys, arguments, says):
    try:
        code = train.main(arguments)
    except SystemExit as stop:
        code = stop.code
    shown = capsys.readouterr()
    assert code == 2
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("python -m minicnn.train: ")
    assert says in shown.err
    assert shown.out == ""
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--optimizer", "sgd"], {"momentum": 0.9, "weight_decay": 0}),
        (["--optimizer", "sgd", "--momentum", "0", "--weight-decay", "5e-4"], {"momentum": 0, "weight_decay": 5e-4}),
        (["--optimizer", "rmsprop"], {"momentum": 0, "weight_decay": 0}),
        (["--optimizer", "adamw"], {"weight_decay": 0.01}),
        (["--optimizer", "adamw", "--weight-decay", "0"], {"weight_decay": 0}),
        (["--weight-decay", "0.1"], {"weight_decay": 0.1}),
    ],
)
def test_what_the_optimiser_gets(options, expected):
    parsed = train.make_parser().parse_args(["lenet5", "--recipe", "course", "--dataset", "mnist-sample", *options])
    settings, _, _ = train._settings(parsed)
    trainer = train._prepare(settings, None, parsed)[2]
    (group,) = trainer.optimizer.param_groups
    assert {name: group[name] for name in expected} == expected


def test_where_no_gpu_is_the_device_is_named_once(capsys, monkeypatch):
    monkeypatch.setattr(train, "why_no_gpu", lambda: "no CuPy is installed")
    assert train.main(["lenet5", "--device", "cuda"]) == 2
    assert capsys.readouterr().err == "python -m minicnn.train: --device cuda: no CuPy is installed\n"


@pytest.mark.parametrize("arguments", [["lenet5", "--epochs", "0"], ["--resume", "nowhere"], ["nonet"]])
def test_wrong_arguments_of_the_command(arguments):
    done = subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_the_commands_of_the_package():
    root = [sys.executable, "-m", "minicnn"]
    done = subprocess.run([*root, "train", "--help"], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--resume FOLDER" in done.stdout
    done = subprocess.run([*root, "fly"], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'fly'" in done.stderr


def test_a_folder_is_never_clobbered(small, capsys):
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine")
    assert train.main([*RUN, "--output", "out"]) == 2
    assert "--output out exists and is not empty" in capsys.readouterr().err
    assert [p.name for p in Path("out").iterdir()] == ["notes.txt"]
    Path("file").write_text("mine")
    assert train.main([*RUN, "--output", "file"]) == 2
    assert Path("file").read_text() == "mine"
    Path("empty").mkdir()
    run("--epochs", 1, "--output", "empty")
    before = {p.name: p.read_bytes() for p in Path("empty").iterdir()}
    assert train.main([*RUN, "--epochs", "1", "--output", "empty"]) == 2
    assert {p.name: p.read_bytes() for p in Path("empty").iterdir()} == before


def test_default_folders_are_numbered(small):
    for _ in range(3):
        run("--epochs", 1)
    assert sorted(p.name for p in Path("runs").iterdir()) == ["lenet5", "lenet5-2", "lenet5-3"]
    assert arrays("runs/lenet5")[0].keys() == arrays("runs/lenet5-3")[0].keys()


def test_an_output_that_cannot_be_made(small, capsys):
    Path("file").write_text("")
    assert train.main([*RUN, "--epochs", "1", "--output", "file/out"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--output file/out" in error


def test_planned_learning_rates_end_where_they_were_planned_to(small, capsys):
    run("--epochs", 1, "--output", "out")
    resume("out", "--epochs", 2, expect=2)
    assert "planned to its end" in capsys.readouterr().err


def test_a_loss_that_explodes(small, capsys):
    run("--recipe", "course", "--optimizer", "sgd", "--lr", "1e38", "--epochs", "1", "--output", "out", expect=1)
    error = capsys.readouterr().err
    assert error.startswith("stopped: the loss is ")
    assert "epoch 1, batch" in error
    assert "--lr" in error
    assert error.count("\n") == 1


# --- damaged checkpoints -------------------------------------------------------------------------------


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
    optimizer = train.optim.Adam(model.parameters())
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


# --- how well it learns --------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_samples_recipe_reaches_its_accuracy():
    run("--output", "out")
    lines = history("out")
    assert len(lines) == 20
    assert float(lines[-1]["validation_accuracy"]) >= 0.95


@pytest.mark.slow
@pytest.mark.skipif("MINICNN_DATA" not in os.environ, reason="MINICNN_DATA does not name the full MNIST")
def test_the_fast_recipe_reaches_99_percent(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    folder = os.environ["MINICNN_DATA"]
    arguments = ["lenet5", "--dataset", "mnist", "--root", folder, "--recipe", "fast", "--quiet", "--output", "out"]
    assert train.main(arguments) == 0
    lines = history("out")
    assert len(lines) <= 6
    assert float(lines[-1]["validation_accuracy"]) >= 0.99


@pytest.mark.slow
@pytest.mark.skipif("MINICNN_DATA" not in os.environ, reason="MINICNN_DATA does not name the full MNIST")
def test_one_epoch_of_the_full_set(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    folder = os.environ["MINICNN_DATA"]
    arguments = ["lenet5", "--dataset", "mnist", "--root", folder, "--epochs", "1", "--lr", "1e-3", "--quiet"]
    assert train.main([*arguments, "--output", "out"]) == 0
    assert float(history("out")[0]["validation_accuracy"]) >= 0.95
