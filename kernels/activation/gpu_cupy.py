"""CUDA C++, in activation.cu and curves.cu, started through CuPy."""

from __future__ import annotations

import functools
from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import FROM_OUTPUT, Sizes, gpu_plan

FLOATS = ("float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
OF_INTEGERS = ("relu", "hardtanh", "threshold")  # the others are fractions, and their operations refuse integers


def plan(z: Sizes) -> Plan | None:
    """float32 and float64; those functions that make integers of integers, of all integers."""
    if z.dtype.name not in FLOATS + (INTEGERS if z.function in OF_INTEGERS else ()):
        return None
    return gpu_plan.plan(z, _function(z.function, z.direction, z.dtype.name), launch.packs(z.size, z.dtype))


@functools.cache
def _function(function: str, direction: str, kind: str) -> launch.CudaFunction:
    file = "activation.cu" if function in FROM_OUTPUT else "curves.cu"
    return launch.CudaFunction(Path(__file__).with_name(file), f"activation_{function}_{direction}_{kind}")
