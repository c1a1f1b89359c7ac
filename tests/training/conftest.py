"""Every test of the training command runs in an empty folder, without network."""

from __future__ import annotations

import pytest

import minicnn
from minicnn import datasets

SMALL = 10  # one image in so many of the sample: 400 for training, 100 for validation


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
