"""CUDA C++, in shuffle.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FUNCTION = launch.CudaFunction(Path(__file__).with_name("shuffle.cu"), "shuffle")


def plan(z: Sizes) -> Plan:
    """Every case."""
    return gpu_plan.plan(z, FUNCTION)
