"""Course scripts, unchanged, under PyTorch and under minicnn.run: the same text, and the same numbers within 1e-3.

Every file of course_scripts/ runs in two processes, side by side, each in a folder of its own with the embedded
samples as its `data`. What they print is compared line by line: numbers within 1e-3 of each other (or one unit of
the last printed place), accuracies within 0.3 points, all other text equal.
"""

import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minicnn.datasets import sample_root

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.stem: path for path in sorted((ROOT / "tests" / "course_scripts").glob("*.py"))}
UNGUARDED = ("style_cifar_tutorial",)  # `.cuda()` without a question: PyTorch's side has to be told, ours knows
RELATIVE = 1e-3
POINTS = 0.3  # of an accuracy in percent
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")

needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "torchvision")),
    reason="needs torch and torchvision (pip install --no-deps torchvision==0.28.0)",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The embedded samples as torchvision wants them: unpacked."""
    folder = tmp_path_factory.mktemp("data")
    for packed in sample_root().glob("*/raw/*.gz"):
        plain = folder / packed.relative_to(sample_root()).with_suffix("")
        plain.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(packed) as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target)
    return folder


def begin(folder, data, *command, path):
    """Start `python command…` in the new `folder`."""
    folder.mkdir()
    shutil.copytree(data, folder / "data")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINICNN_DEVICE")}
    environment |= {"PYTHONPATH": str(path), "OMP_NUM_THREADS": "1", "MINICNN_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", *map(str, command)]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def finished(process):
    """What the process has printed; the test fails with its error if it failed."""
    text, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return text


def last_place(text):
    """The value of one unit in the last printed place of a number."""
    digits, _, exponent = text.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def agree(x, y, accuracy):
    """Whether two printed numbers are near enough."""
    difference, size = abs(float(x) - float(y)), max(abs(float(x)), abs(float(y)))
    if (accuracy or "." in x) and difference <= 1.01 * last_place(x):
        return True
    return difference <= (POINTS if accuracy else RELATIVE * size)


def is_loss(before):
    """Whether the number after this text is a loss, though the line has an accuracy, too."""
    return re.search(r"loss\W*$", before.lower())


def in_percent(line):
    """A line with an accuracy, counts of images (563/1000) as percent of them (56.30/1000)."""
    return re.sub(r"(\d+)/(\d+)", lambda found: f"{100 * int(found[1]) / int(found[2]):.2f}/{found[2]}", line)


def differences(theirs, ours):
    """The lines that differ by more than they may."""
    hidden = re.compile(r"at 0x[0-9a-f]+")
    lines = [hidden.sub("at …", text).splitlines() for text in (theirs, ours)]
    if len(lines[0]) != len(lines[1]):
        yield f"{len(lines[0])} lines, {len(lines[1])} lines"
    for number, (a, b) in enumerate(zip(*lines, strict=False), 1):
        if accuracy := re.search(r"accura|\bacc", a.lower()):
            a, b = in_percent(a), in_percent(b)
        # a number may be printed one place wider or narrower than its neighbour's
        same_text = re.sub(r" +", " ", NUMBER.sub("#", a)) == re.sub(r" +", " ", NUMBER.sub("#", b))
        pairs = zip(NUMBER.finditer(a), NUMBER.finditer(b), strict=False)
        if not same_text or not all(agree(x[0], y[0], accuracy and not is_loss(a[: x.start()])) for x, y in pairs):
            yield f"line {number}:\n  torch   {a}\n  minicnn {b}"


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_course_script_prints_the_same_under_both(name, data, tmp_path):
    script = SCRIPTS[name]
    cuda = ["--cuda-is-cpu"] if name in UNGUARDED else []
    runner = ROOT / "tests" / "run_with_torch.py"
    theirs = begin(tmp_path / "torch", data, runner, *cuda, script, path=ROOT / "tests")
    ours = begin(tmp_path / "minicnn", data, "-m", "minicnn.run", "--device", "cpu", script, path=ROOT)
    expected, got = finished(theirs), finished(ours)
    assert expected.strip()
    assert not (found := list(differences(expected, got))), "\n".join(found)


def test_the_comparison_finds_what_differs():
    assert list(differences("loss 0.5000 x\n", "loss 0.5003 x\n")) == []
    assert len(list(differences("loss 0.5000 x\n", "loss 0.5010 x\n"))) == 1
    assert len(list(differences("loss 0.5000 x\n", "Loss 0.5000 x\n"))) == 1
    assert len(list(differences("step 3\n", "step 4\n"))) == 1
    assert len(list(differences("a 1\nb 2\n", "a 1\n"))) == 1
    assert list(differences("Accuracy: 56.38%\n", "Accuracy: 56.25%\n")) == []
    assert len(list(differences("Accuracy: 56.38%\n", "Accuracy: 55.98%\n"))) == 1
    assert list(differences("accuracy 563/1000 (56%)\n", "accuracy 565/1000 (57%)\n")) == []
    assert len(list(differences("accuracy 563/1000\n", "accuracy 567/1000\n"))) == 1
    assert len(list(differences("Loss: 0.500, accuracy 56/100\n", "Loss: 0.600, accuracy 56/100\n"))) == 1
    assert len(list(differences("accuracy 56/100\n", "accuracy 57/100\n"))) == 1
    assert list(differences("<Add object at 0x7f1>\n", "<Add object at 0x8a>\n")) == []
    assert list(differences("tensor([1.0000e-04, 2.])\n", "tensor([1.0004e-04, 2.])\n")) == []


def test_check_finds_no_missing_name(tmp_path):
    check_all = "import sys; from minicnn.scripts.uses import check; sys.exit(sum(map(check, sys.argv[1:])))"
    command = [sys.executable, "-c", check_all, *map(str, SCRIPTS.values())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    missing = [line for line in done.stdout.splitlines() if re.search(r": \S+ is missing(?!.*prepared)", line)]
    assert not missing, "\n".join(missing)
    assert done.returncode == 0
