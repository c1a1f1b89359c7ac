"""The one line that says why a program is slow to start: its kernels are being compiled, this time only.

On stderr, once a process, and only where nothing was compiled before. MINICNN_QUIET=1 keeps it back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 20  # what the kernels of a training step take to compile, on two cores of 2.4 GHz

_watcher: Callable[[str], None] | None = None


def before_first_call(name: str, cold: bool, cache: Path) -> None:
    """compiled.py calls this before it loads or compiles a loop; `cold`: the first one, and the cache is empty."""
    if _watcher is not None:
        _watcher(name)
    elif cold and os.environ.get("MINICNN_QUIET", "") in ("", "0"):
        print(
            f"minicnn compiles its kernels for this CPU: about {SECONDS} s, once; cached in {cache}",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def watch(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tell `watcher` the name of each loop before its first call, in the place of the line."""
    global _watcher
    before, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = before
