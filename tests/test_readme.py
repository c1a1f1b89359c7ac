"""What README shows is what runs: its example prints what stands there, its commands exist, its links resolve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minicnn.training.options import make_parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
KOREAN = (ROOT / "README.ko.md").read_text("utf-8")  # its code is README's: what runs there runs here


def _block(marker: str, language: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n+```{language}\n(.*?)```", README, re.S)
    assert found is not None, marker
    return found[1]


def test_the_first_example_is_as_short_as_its_title_says() -> None:
    assert len([line for line in _block("example", "python").splitlines() if line]) <= 15


NOT_THERE = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec

def hidden(cls, name, path=None, target=None):
    there = name.partition(".")[0] not in ("torch", "torchvision", "cupy", "cuda")
    return find_spec(name, path, target) if there else None

PathFinder.find_spec = classmethod(hidden)
"""


@pytest.mark.slow
def test_every_test_is_found_without_the_packages_that_the_command_does_not_install(tmp_path: Path) -> None:
    """One file that cannot be imported, and pytest runs none of the others."""
    (tmp_path / "sitecustomize.py").write_text(NOT_THERE, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-2000:]


EXAMPLES = re.findall(r"<!-- example -->\n+```python\n(.*?)```\n+```text\n(.*?)```", README, re.S)


@pytest.mark.parametrize(("example", "expected"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_print_what_stands_there(tmp_path: Path, example: str, expected: str) -> None:
    assert expected.strip()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == expected


def test_the_commands_are_commands() -> None:
    train, test = _block("command: train", "sh"), _block("command: test", "sh")
    assert ".venv/bin/pip install ." in train
    assert ".venv/bin/pip install -e '.[test]'" in test
    arguments = re.search(r"-m minicnn\.train (.*)$", train.strip())
    assert arguments is not None
    assert make_parser().parse_args(arguments[1].split()).network == "lenet5"
    assert test.strip().endswith("python -m pytest -n 2")


@pytest.mark.parametrize("text", [README, KOREAN], ids=["README.md", "README.ko.md"])
def test_links_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / target).exists(), target
    anchors = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"\n## (.*)", README)}
    for anchor in re.findall(r"\]\(README\.md#([^)]+)\)", text):
        assert anchor in anchors, anchor


def test_the_korean_readme_has_the_same_code_and_chapters() -> None:
    blocks = re.compile(r"```\w*\n.*?```", re.S)
    assert blocks.findall(KOREAN) == blocks.findall(README)
    assert len(re.findall(r"\n## ", KOREAN)) == len(re.findall(r"\n## ", README))


def test_operations_are_as_many_as_said() -> None:
    from minicnn.autograd.register import REGISTERED

    said = re.search(r"\| (\d+) of the common ones", README)
    assert said is not None
    assert len(REGISTERED) >= int(said[1])
