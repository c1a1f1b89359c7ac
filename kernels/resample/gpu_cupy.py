"""CUDA C++, in resample.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("resample.cu")
KINDS = ("float32", "float64", "uint8", "uint16", "int8", "int16", "int32", "int64")
FUNCTIONS = {kind: launch.CudaFunction(FILE, f"resample_{kind}") for kind in KINDS}


def plan(z: Sizes) -> Plan | None:
    """float32, float64 and integers; of other types, numbers of up to 2 bytes that are moved and not added up."""
    matrices, kind = gpu_plan.tables(z), z.dtype.name
    if kind not in FUNCTIONS:
        moved = all((m.counts == 1).all() and (m.weight == 1).all() for m in matrices)
        kind = f"uint{8 * z.dtype.itemsize}"  # 1 times a whole number: the same bits
        if not moved or kind not in FUNCTIONS:
            return None
    return gpu_plan.plan(z, FUNCTIONS[kind], launch.struct, np.dtype(kind), matrices)
