"""CUDA C++, in resample.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("resample.cu")
KINDS = ("float32", "float64", "float16", "bfloat16", "uint8", "int8", "int16", "int32", "int64")
FUNCTIONS = {kind: launch.CudaFunction(FILE, f"resample_{kind}") for kind in KINDS}
STANDS_FOR = {"bool": "uint8"}  # 1 times a byte is the same byte


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two, four and eight bytes, integers, and bools, which are moved only."""
    kind = STANDS_FOR.get(z.dtype.name, z.dtype.name)
    if kind not in FUNCTIONS:
        return None
    return gpu_plan.plan(z, FUNCTIONS[kind], launch.struct, z.dtype if kind == z.dtype.name else np.dtype(kind))
