"""What is made of a tape before it is replayed: fused, without what nobody reads, in memory that is used again; for a
GPU in an order that lets it work alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.capture.arrays import memory_id
from minicnn.capture.fusion import fused, without_dead, without_fixed
from minicnn.capture.graphs import by_gpu
from minicnn.capture.memory import packed
from minicnn.capture.tape import Entry, Tape


def optimised(tape: Tape, inputs: Sequence[Any], keep: Sequence[Any]) -> list[Entry]:
    """The entries of a tape whose arguments are put into the arrays `inputs`; the arrays `keep` are wanted by
    somebody else."""
    entries = without_dead(fused(without_fixed(tape.entries), keep), keep, set(tape.externals))
    fixed = {memory_id(array) for array in (*inputs, *keep)} | set(tape.externals)
    return packed(cpu_first(entries), fixed)


def cpu_first(entries: Sequence[Entry]) -> list[Entry]:
    """What the CPU has to do in a step on the GPU (a draw, the learning rate, a copy to the GPU) before all the rest,
    where that has to wait for nothing: then one CUDA graph holds the rest."""
    first: list[Entry] = []
    rest: list[Entry] = []
    read: set[int] = set()  # memory that the rest reads, and writes
    written: set[int] = set()
    if not any(map(by_gpu, entries)):
        return list(entries)
    for entry in entries:
        reads, writes = ({memory_id(a) for a in arrays} for arrays in (entry.reads(), entry.writes()))
        alone = all(map(by_gpu, rest))  # the CPU does its part in the order that it had: draws follow each other
        if alone and not by_gpu(entry) and not reads & written and not writes & (read | written):
            first.append(entry)
        else:
            rest.append(entry)
            read |= reads
            written |= writes
    return first + rest
