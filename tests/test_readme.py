"""What README shows is what runs: its example prints what stands there, its commands exist, its links resolve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from minicnn.train import make_parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _block(marker: str, language: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n+```{language}\n(.*?)```", README, re.S)
    assert found is not None, marker
    return found[1]


def test_the_example_prints_what_stands_there(tmp_path: Path) -> None:
    example = _block("example", "python")
    assert len([line for line in example.splitlines() if line]) <= 15
    expected = re.search(r"<!-- example -->.*?```text\n(.*?)```", README, re.S)
    assert expected is not None
    assert expected[1].strip()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == expected[1]


def test_the_commands_are_commands() -> None:
    train, test = _block("command: train", "sh"), _block("command: test", "sh")
    assert ".venv/bin/pip install ." in train
    assert ".venv/bin/pip install -e '.[test]'" in test
    arguments = re.search(r"-m minicnn\.train (.*)$", train.strip())
    assert arguments is not None
    assert make_parser().parse_args(arguments[1].split()).network == "lenet5"
    assert test.strip().endswith("python -m pytest -n 2")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_operations_are_as_many_as_said() -> None:
    from minicnn.autograd.register import REGISTERED

    said = re.search(r"\| (\d+) of the common ones", README)
    assert said is not None
    assert len(REGISTERED) >= int(said[1])
