"""What is made of a tape before it is replayed: fused, without what nobody reads, in memory that is used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.capture.fusion import fused, without_dead, without_fixed
from minicnn.capture.tape import Entry, Tape


def optimised(tape: Tape, keep: Sequence[Any]) -> list[Entry]:
    """The entries of a tape; the arrays `keep` are wanted by somebody else."""
    return without_dead(fused(without_fixed(tape.entries), keep), keep, set(tape.externals))
