"""A stand-in for CuPy on machines without a GPU: NumPy arrays in boxes, and .cu files run on the CPU.

What it is for: the tests of minicnn on `cuda` tensors. It refuses what CuPy 14 refuses: NumPy's functions and arrays
on GPU arrays, names and arguments that CuPy does not have (signatures.json, written by tests/make_cupy_signatures.py
from CuPy itself), host reads and cuBLAS while a stream captures, launches of kernels with wrong arguments. It keeps
0-d results arrays, fills new memory with NaN, counts what is allocated, replays captured streams, and copies pinned
memory late. Where CuPy's formulas are not NumPy's (remainders, floats that become bytes) it has CuPy's, and so it has
CuPy's exceptions. It also refuses what CuPy does but minicnn does not want: floating-point sums by atomics.

What it is not: fast, asynchronous, or proof that a kernel runs on a GPU. Where CuPy wraps indices that are out of
range, it raises as NumPy does; where CuPy writes one of several values to one place, it writes the last.

It stands in front on sys.path while MINICNN_TEST_GPU=simulated (tests/conftest.py).
"""

from __future__ import annotations

from typing import Any

from . import _memory, _names, _streams, cuda, lib, linalg
from ._array import ndarray
from ._functions import SIGNATURES, ufunc
from ._raw import RawKernel, RawModule

__all__ = ["RawKernel", "RawModule", "cuda", "lib", "linalg", "ndarray", "ufunc"]
__version__ = SIGNATURES["version"]


def get_default_memory_pool() -> _memory.MemoryPool:
    return _memory.default_pool(_streams.here.device)


def __getattr__(name: str) -> Any:
    raise _names.missing(name)


globals().update(_names.everything())
