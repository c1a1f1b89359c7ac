"""CUDA C++, in activation.cuh and curves.cuh, started through CuPy."""

from __future__ import annotations

import functools
from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import FROM_OUTPUT, Sizes, gpu_plan

INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
OF_INTEGERS = ("relu", "hardtanh", "threshold")  # the others are fractions, and their operations refuse integers
ENDINGS = {  # of the name of the file for a type
    "float32": "", "float64": "_float64", "float16": "_float16", "bfloat16": "_float16",
    **dict.fromkeys(INTEGERS, "_integers"),
}  # fmt: skip


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two, four and eight bytes; integers, of the functions that make integers of them."""
    kind = z.dtype.name
    if kind not in ENDINGS or (kind in INTEGERS and z.function not in OF_INTEGERS):
        return None
    file = ("activation" if z.function in FROM_OUTPUT else "curves") + ENDINGS[kind] + ".cu"
    function = _function(file, f"activation_{z.function}_{z.direction}_{kind}")
    return gpu_plan.plan(z, function, launch.packs(z.size, z.dtype))


@functools.cache
def _function(file: str, name: str) -> launch.CudaFunction:
    return launch.CudaFunction(Path(__file__).with_name(file), name)
