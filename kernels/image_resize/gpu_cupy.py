"""CUDA C++, in image_resize.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("image_resize.cu")
ROWS, COLUMNS = (launch.CudaFunction(FILE, f"image_resize_{name}") for name in ("rows", "columns"))


def plan(z: Sizes) -> Plan:
    """Every case."""
    return gpu_plan.plan(z, ROWS, COLUMNS, launch.struct)
