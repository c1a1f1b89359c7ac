"""Arrays of the CPU and of the GPU, and the memory they lie in: what a tape has to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn.backend import array_module, owner_of


def on_gpu(value: Any) -> bool:
    """Whether `value` is an array of the GPU."""
    return array_module(value) is not np


def is_array(value: Any) -> bool:
    """Whether `value` is an array, of whichever device."""
    return isinstance(value, np.ndarray) or on_gpu(value)


def arrays_in(value: Any) -> Iterator[Any]:
    """The arrays in a value, also within tuples, lists and dicts."""
    if is_array(value):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from arrays_in(part)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))


def memory_id(array: Any) -> int:
    """A number by which a tape knows the memory that `array` lies in; the tape keeps that memory alive."""
    return id(owner_of(array))


def fill(target: Any, source: Any) -> None:
    """target[...] = source, also from one device to the other; a number fills all of `target`."""
    if isinstance(source, np.ndarray) and on_gpu(target):
        target[...] = array_module(target).asarray(source)  # by way of pinned memory: `set` may wait for the GPU
    elif on_gpu(source) and isinstance(target, np.ndarray):
        target[...] = source.get()
    else:
        target[...] = source


def copied(array: Any) -> Any:
    """A copy with memory of its own."""
    return array.copy(order="K")
