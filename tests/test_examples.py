"""The lessons in examples/ run, warn of nothing, and keep what they promise (they assert it themselves)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "examples").glob("[0-9]*.py"))
LAST_LINES = {
    "01_gradients.py": "after 20 steps 3.3333",
    "02_convolution_is_a_matrix_product.py": "transposed matrix = conv_transpose2d: yes",
    "03_lenet5_in_twenty_lines.py": "epoch 3: last loss",
    "04_a_toy_that_knows_four_signs.py": "X and \\ collide: True",
}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.name)
def test_lesson_runs(lesson: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", str(lesson)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith(LAST_LINES[lesson.name])


def test_every_lesson_is_checked() -> None:
    assert {path.name for path in LESSONS} == set(LAST_LINES)
