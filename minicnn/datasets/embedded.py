"""The embedded samples: 5,000 images of MNIST and 2,000 of Fashion-MNIST (samples/README.md says whence)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "MINICNN_SAMPLE"
_noticed: set[str] = set()  # the data sets whose notice this process has printed


def sample_root() -> Path:
    """The folder that holds the samples in the layout of the full sets, fit to be a data set's `root`.

    >>> sorted(p.name for p in sample_root().iterdir() if p.is_dir())
    ['FashionMNIST', 'MNIST']
    """
    return Path(__file__).with_name("samples")


def sample_asked_for() -> bool:
    """Whether the environment says MINICNN_SAMPLE=1 (`python -m minicnn.run --sample` does)."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def notice(name: str) -> None:
    """Say on stderr, once in a process for each data set, that `name` is served from the sample."""
    if name not in _noticed:
        _noticed.add(name)
        print(
            f"minicnn: {VARIABLE} is set: {name} is the embedded sample, not the full data set. "
            f"Unset {VARIABLE} and use download=True for the full one.",
            file=sys.stderr,
        )
