"""CUDA C++, in tally.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("tally.cu")
FUNCTIONS = {name: launch.CudaFunction(FILE, f"tally_{name}") for name in launch.ALL_FLOATS}


def plan(z: Sizes) -> Plan | None:
    """Every floating type."""
    return gpu_plan.plan(z, FUNCTIONS[z.dtype.name]) if z.dtype.name in FUNCTIONS else None
