"""The line that says that kernels are being compiled: once, on stderr, in a program that has to wait for it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from minicnn.kernels import notice

ROOT = Path(__file__).parents[2]
TWO_LOOPS = """
    import numpy as np
    from minicnn import kernels
    from minicnn.kernels import activation, reorder
    kernels.run("activation", activation.Sizes("relu", "forward", 5, np.dtype("f4")), np.ones(5, "f4"))
    kernels.run("reorder", reorder.Sizes(2, 3, np.dtype("f4"), True), np.ones(6, "f4"))
"""


def said(cache, **environment):
    """What a program that calls two loops writes to stderr."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("MINICNN_QUIET", "MINICNN_KERNELS")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(TWO_LOOPS)],
        env={**inherited, "MINICNN_CACHE": str(cache), "PYTHONPATH": str(ROOT), **environment},
        cwd=cache, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_one_line_at_the_first_compilation_only(tmp_path):
    assert said(tmp_path, MINICNN_KERNELS="numpy") == ""
    line = said(tmp_path)
    assert line.startswith("minicnn compiles its kernels for this CPU: about ")
    assert f" s, once; cached in {tmp_path}" in line
    assert line.count("\n") == 1
    assert said(tmp_path) == ""


def test_it_can_be_kept_back(tmp_path):
    assert said(tmp_path, MINICNN_QUIET="1") == ""


@pytest.fixture
def loud(monkeypatch):
    """The line is not kept back."""
    monkeypatch.delenv("MINICNN_QUIET", raising=False)


def test_only_an_empty_cache_is_worth_a_line(loud, tmp_path, capsys):
    notice.before_first_call("forward", False, tmp_path)
    assert capsys.readouterr().err == ""
    notice.before_first_call("forward", True, tmp_path)
    assert capsys.readouterr().err.count("minicnn compiles") == 1


def test_a_watcher_is_told_instead(loud, tmp_path, capsys):
    names = []
    with notice.watch(names.append):
        notice.before_first_call("forward", True, tmp_path)
    assert names == ["forward"]
    assert capsys.readouterr().err == ""
    notice.before_first_call("backward", True, tmp_path)
    assert names == ["forward"]
    assert capsys.readouterr().err.count("minicnn compiles") == 1
