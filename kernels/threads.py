"""The one thread pool: how many threads the kernels use, and why BLAS may use only one.

Numba's pool and BLAS's pool both spin while they wait for work. A kernel of 12 µs followed by a
matrix product of 106 µs took 8.0 ms, because each pool stole the cores that the other one needed.
So the first kernel limits BLAS to one thread for the life of the process, and hot matrix products
are the `gemm` kernel, which runs in the same pool as everything else.
"""

from __future__ import annotations

import os
import threading
from typing import Any

_lock = threading.RLock()
_requested: int | None = None
_pool: Any = None  # numba, once the pool belongs to it
_changes = 0  # how often set_num_threads was called: other Python threads notice at their next kernel
_here = threading.local()


def _from_environment() -> int | None:
    text = os.environ.get("MINICNN_NUM_THREADS")
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"MINICNN_NUM_THREADS is {text!r}; expected a whole number of at least 1")
    return int(text)


def available() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads the CPU kernels use."""
    if _requested is not None:
        return _requested
    return _from_environment() or available()


def set_num_threads(n: int) -> None:
    """Let the CPU kernels use `n` threads: at least 1; more than the processors count as all of them."""
    global _requested, _changes
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise RuntimeError(f"`n` must be a whole number of at least 1, got {n!r}")
    with _lock:
        _requested = n
        _changes += 1
        if _pool is None:
            from threadpoolctl import threadpool_limits

            threadpool_limits(n, user_api="blas")


def own_the_pool(numba: Any) -> None:
    """Called once, by compiled.py, before the first kernel is compiled: from here on BLAS has one thread."""
    global _pool
    with _lock:
        if _pool is None:
            from threadpoolctl import threadpool_limits

            threadpool_limits(1, user_api="blas")
            _pool = numba


def enter() -> None:
    """Give the calling Python thread the wanted number of threads (Numba keeps it per thread)."""
    if _pool is not None and getattr(_here, "ready", None) != _changes:
        _here.ready = _changes
        _pool.set_num_threads(min(get_num_threads(), _pool.config.NUMBA_NUM_THREADS))


def most() -> int:
    """The largest number of threads a kernel can run on, for scratch memory of one piece a thread."""
    from numba import config

    return int(config.NUMBA_NUM_THREADS)
