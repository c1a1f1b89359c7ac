"""PyTorch, whose files are read and written, and the list of allowed names."""

from __future__ import annotations

import pytest

from minicnn import serialization


@pytest.fixture
def torch():
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch")


@pytest.fixture
def nothing_allowed():
    """The list of allowed names is empty before and after the test."""
    serialization.clear_safe_globals()
    yield
    serialization.clear_safe_globals()
