"""CUDA C++, in optimizer_step.cuh, started through CuPy: one launch for up to 64 parameters."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import STATES, WITH_STATE, Arrays, Sizes

FILES = {
    "float32": "optimizer_step.cu", "float64": "optimizer_step_float64.cu",
    "float16": "optimizer_step_float16.cu", "bfloat16": "optimizer_step_float16.cu",
}  # fmt: skip
FLAGS = {"maximize": 1, "nesterov": 2, "decoupled": 4}  # as in rules.cuh
MOST, ARRAYS = 64, 5  # as in optimizer_step.cuh
EACH = 4  # numbers that a thread takes of a chunk
TABLE = np.dtype([
    ("address", np.uint64, (ARRAYS, MOST)), ("size", np.int64, MOST), ("first", np.int32, MOST),
    ("count", np.int32), ("chunks", np.int32), ("flags", np.int32), ("unused", np.int32),
])  # fmt: skip


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two, four and eight bytes."""
    kind = z.dtype.name
    if kind not in FILES:
        return None
    with_state = sorted(WITH_STATE.intersection(z.options))
    function = _function(FILES[kind], "_".join(("optimizer_step", z.rule, *with_state, kind)))
    count, states = len(z.sizes), STATES[z.rule] + len(with_state)
    flags = sum(FLAGS.get(option, 0) for option in z.options)
    threads = launch.THREADS
    parts = [slice(start, min(start + MOST, count)) for start in range(0, count, MOST)]
    tables = [_table(z.sizes[part], EACH * threads, flags) for part in parts]

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        places = (outs if isinstance(outs, Arrays) else Arrays(outs)).addresses.reshape(1 + states, count)
        grads = Arrays(ins[:-1]).addresses
        for part, blank in zip(parts, tables, strict=True):
            table = blank.copy()  # another thread, or another optimiser, may run the same plan
            address, taken = table["address"][0], part.stop - part.start
            address[0, :taken], address[1, :taken] = places[0, part], grads[part]
            address[2 : 2 + states, :taken] = places[1:, part]
            blocks = min(int(table["chunks"][0]), launch.MOST_BLOCKS)
            function.over((blocks,), (threads,), table, ins[-1])

    return Plan("a launch for all parameters", z.inputs(), z.outputs(), 0, run)


def _table(sizes: Sequence[int], chunk: int, flags: int) -> np.ndarray:
    """The argument of a launch, without the addresses."""
    table = np.zeros(1, TABLE)
    chunks = np.cumsum([0, *(-(-size // chunk) for size in sizes)])
    table["size"][0, : len(sizes)], table["first"][0, : len(sizes)] = sizes, chunks[:-1]
    table["count"], table["chunks"], table["flags"] = len(sizes), chunks[-1], flags
    return table


@functools.cache
def _function(file: str, name: str) -> launch.CudaFunction:
    return launch.CudaFunction(Path(__file__).with_name(file), name)
