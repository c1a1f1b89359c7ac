"""Where a capture listens: while a step is recorded, whoever computes reports to the tape that hangs here.

Nothing here knows what a tape is (minicnn/capture/ does): the floors above and below only ask whether there is one,
each thread for itself.
"""

from __future__ import annotations

import threading
from typing import Any


class Recorder(threading.local):
    """The tape of this thread, or None; and the compiled calls of a kernel while they are being collected."""

    tape: Any = None
    calls: list[tuple[Any, tuple[Any, ...]]] | None = None


recorder = Recorder()
