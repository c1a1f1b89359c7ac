"""`python -m minicnn.train`: what a run leaves on the disk, which data it takes, how well it learns."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from runs import FILES, RUN, arrays, check_picture, check_same_run, history, resume, run

import minicnn
from minicnn import datasets, models, serialization, train
from minicnn.training import options
from minicnn.training.data import ImageArray

COLUMNS = ["epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr", "seconds"]


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
    assert set(options.DATASETS) == set(NAMES) | {"mnist-sample", "fashion-mnist-sample"}


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
