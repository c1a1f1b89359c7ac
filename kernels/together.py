"""A first run on two processors: while this process compiles the kernels of the way forward, a second one compiles
those of the way back.

Compiling is single-threaded, and a first training step waits for twenty seconds of it. So the first process that finds
an empty cache starts a helper (`python -m minicnn.warmup --help-compiling`), which takes a small step backwards and
leaves what it compiled in the same cache. Neither compiles what the other is at: it waits, and then finds it there.

MINICNN_COMPILE_ALONE=1 starts no helper.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ALONE = "MINICNN_COMPILE_ALONE"
HELPS = "MINICNN_HELPS_COMPILING"  # set in the helper: the process that it helps
POLL = 0.02  # seconds between two looks

_helper: Any = None


def start(processors: int) -> None:
    """Start the helper, if there is a processor for it. Called once, where nothing was compiled before."""
    global _helper
    if _helper is not None or processors < 2 or HELPS in os.environ or os.environ.get(ALONE, "") not in ("", "0"):
        return
    import subprocess

    root = Path(__file__).resolve().parents[1]
    command = "import sys; sys.path[:0] = sys.argv[2:]; from minicnn.warmup import main; sys.exit(main([sys.argv[1]]))"
    paths = [str(root)] if (root / "minicnn" / "warmup.py").is_file() else [p for p in sys.path if p]
    with suppress(OSError):
        _helper = subprocess.Popen(
            [sys.executable, "-c", command, "--help-compiling", *paths],
            env=os.environ | {HELPS: str(os.getpid()), "MINICNN_NUM_THREADS": "1", "MINICNN_QUIET": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def turn(folder: Path, what: str) -> Iterator[None]:
    """Compile `what` within; if the other process is at it, wait until it has left it in the cache."""
    if not _other_is_there():
        yield
        return
    claim = folder / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.claim"
    while True:
        try:
            claim.parent.mkdir(parents=True, exist_ok=True)
            claim.touch(exist_ok=False)
            break
        except FileExistsError:
            if not _other_is_there():
                break
            time.sleep(POLL)
    try:
        yield
    finally:
        claim.unlink(missing_ok=True)


def _other_is_there() -> bool:
    """Whether there is a process that compiles into the same cache."""
    if HELPS in os.environ:
        return os.getppid() == int(os.environ[HELPS])
    return _helper is not None and _helper.poll() is None
