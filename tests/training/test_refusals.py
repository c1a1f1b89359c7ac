"""`python -m minicnn.train`: what it refuses, in one line, before it changes anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from runs import RUN, arrays, command, environment, run

from minicnn import train

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


def test_a_loss_that_explodes(small, capsys):
    run("--recipe", "course", "--optimizer", "sgd", "--lr", "1e38", "--epochs", "1", "--output", "out", expect=1)
    error = capsys.readouterr().err
    assert error.startswith("stopped: the loss is ")
    assert "epoch 1, batch" in error
    assert "--lr" in error
    assert error.count("\n") == 1
