"""What is made of a tape before it is replayed: fused, without what nobody reads, in memory that is used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.capture.fusion import fused, without_dead, without_fixed
from minicnn.capture.memory import packed
from minicnn.capture.tape import Entry, Tape, root


def optimised(tape: Tape, inputs: Sequence[Any], keep: Sequence[Any]) -> list[Entry]:
    """The entries of a tape whose arguments are put into the arrays `inputs`; the arrays `keep` are wanted by
    somebody else."""
    entries = without_dead(fused(without_fixed(tape.entries), keep), keep, set(tape.externals))
    fixed = {id(root(array)) for array in (*inputs, *keep)} | set(tape.externals)
    return packed(entries, fixed)
