"""CUDA C++, in segment_sum.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import TYPES, plan_with

FILE = Path(__file__).with_name("segment_sum.cu")
COUNT, SORT = (launch.CudaFunction(FILE, f"segment_sum_{name}") for name in ("count", "sort"))
ADD = {name: launch.CudaFunction(FILE, f"segment_sum_{name}") for name in TYPES}


def plan(z: Sizes) -> Plan | None:
    """float32, float64 and int64; others have a wider type to be added in."""
    return plan_with(COUNT.over, SORT.over, ADD[z.dtype.name].over, z) if z.dtype.name in TYPES else None
