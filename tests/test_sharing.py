"""Memory that processes share."""

from __future__ import annotations

import gc
import os
import pickle
from typing import Any

import pytest

import minicnn
from minicnn import nn
from minicnn.functional.sharing import _segment


def write(rank: int, weight: Any, plain: Any) -> None:
    """In another process: change what is shared, and what is not."""
    with minicnn.no_grad():
        weight[rank] += 1 + rank
        plain += 1


def fail(rank: int) -> None:
    raise SystemExit(3)


def test_other_processes_write_to_shared_memory() -> None:
    layer, plain = nn.Linear(1, 2, bias=False), minicnn.zeros(2)
    layer.weight.data.zero_()
    assert not layer.weight.is_shared()
    layer.share_memory()
    assert layer.weight.is_shared()
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight[1:].is_shared()
    minicnn.multiprocessing.spawn(write, (layer.weight, plain), nprocs=2)
    assert layer.weight.tolist() == [[1], [2]]
    assert plain.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="process 0 terminated with exit code 3"):
        minicnn.multiprocessing.spawn(fail)


def test_the_file_goes_with_the_tensor() -> None:
    shared = minicnn.arange(4).share_memory_()
    assert shared.share_memory_() is shared
    segment = _segment(shared._array)
    assert segment is not None
    path = segment.path
    assert os.path.exists(path)
    copy = pickle.loads(pickle.dumps(shared))  # to a file go the numbers
    assert not copy.is_shared()
    del shared, segment
    gc.collect()
    assert not os.path.exists(path)
    assert copy.tolist() == [0, 1, 2, 3]


def test_a_lazy_layer_has_nothing_to_share() -> None:
    with pytest.raises(RuntimeError, match="Can't share memory on an uninitialized parameter"):
        nn.LazyLinear(2).share_memory()
