"""Adding where several numbers may meet at one place: what looking up, gathering and indexing leave to the way back.

NumPy adds one after the other. A GPU would add in any order, and no two runs would agree; so there a kernel sorts the
places first, and each place adds what it gets, in order (kernels/segment_sum).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backend import array_module, on_cpu
from minicnn.kernels import dispatch
from minicnn.kernels.segment_sum import Sizes

WIDER = {"float16": np.float32, "bfloat16": np.float32}  # what GPUs add these in; whole numbers in int64


def add_at(output: Any, key: Any, values: Any) -> None:
    """output[key] += values on raw arrays, as often as a place occurs; `output` is plain."""
    if on_cpu(output):
        np.add.at(output, key, values)
        return
    xp = array_module(output)
    places = xp.arange(output.size).reshape(output.shape)[key]
    rows = xp.broadcast_to(xp.asarray(values, output.dtype), places.shape)
    _add_rows(output.reshape(-1, 1), places.reshape(-1), rows.reshape(-1, 1))


def add_rows(table: Any, index: Any, rows: Any) -> None:
    """table[index[k]] += rows[k] for all k: a plain table (R, W), an index (K,) from 0 to R-1, rows (K, W)."""
    if on_cpu(table):
        np.add.at(table, index, rows)
    else:
        _add_rows(table, index, rows)


def _add_rows(table: Any, index: Any, rows: Any) -> None:
    kind = table.dtype
    if kind.name not in ("float32", "float64", "int64"):
        wide = table.astype(WIDER.get(kind.name, np.int64))
        _add_rows(wide, index, rows.astype(wide.dtype))
        table[...] = wide.astype(kind)
        return
    sizes = Sizes(table.shape[0], table.shape[1], rows.shape[0], kind)
    plan = dispatch.plan("segment_sum", sizes, "gpu")
    ins = (rows, index.astype(np.int64, copy=False))
    ordered = [dispatch.in_order(a, o) for a, o in zip(ins, plan.input_orders, strict=True)]
    dispatch.execute("segment_sum", plan, [table], ordered)
