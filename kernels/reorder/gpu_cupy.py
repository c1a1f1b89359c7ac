"""CUDA C++, in reorder.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("reorder.cu")
FUNCTIONS = {size: launch.CudaFunction(FILE, f"reorder_{size}") for size in (1, 2, 4, 8)}


def plan(z: Sizes) -> Plan | None:
    """Numbers of 1, 2, 4 or 8 bytes: all but complex ones."""
    return gpu_plan.plan(z, FUNCTIONS.get(z.dtype.itemsize))
