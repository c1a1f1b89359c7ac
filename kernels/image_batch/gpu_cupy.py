"""CUDA C++, in image_batch.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("image_batch.cu")
FUNCTIONS = {size: launch.CudaFunction(FILE, f"image_batch_{size}") for size in (1, 2, 4, 8)}


def plan(z: Sizes) -> Plan | None:
    """Numbers of up to 8 bytes: all but complex ones; images of fewer than 2³¹ bytes."""
    if z.dtype.itemsize not in FUNCTIONS or max(z.C * z.H * z.W, z.OH * z.OW) >= 1 << 31:
        return None
    return gpu_plan.plan(z, FUNCTIONS[z.dtype.itemsize], launch.struct)
