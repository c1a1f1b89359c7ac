"""CUDA C++, in image_places.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("image_places.cu")
DRAWN, FIXED = (launch.CudaFunction(FILE, f"image_places_{name}") for name in ("drawn", "fixed"))


def plan(z: Sizes) -> Plan | None:
    """Every batch of fewer than 2³¹ images."""
    return gpu_plan.plan(z, DRAWN, FIXED, (launch.struct(**z.numbers()),))
