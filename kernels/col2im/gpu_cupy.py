"""CUDA C++, in col2im.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import planned

FILE = Path(__file__).with_name("col2im.cu")
FUNCTIONS = {name: launch.CudaFunction(FILE, f"col2im_{name}") for name in launch.ALL_FLOATS}


def plan(z: Sizes) -> Plan | None:
    """Every floating type, planes of fewer than 2³¹ numbers."""
    if z.dtype.name not in FUNCTIONS or max(z.N * z.C, z.H * z.W, z.OH * z.OW) >= 1 << 31:
        return None
    return planned(z, FUNCTIONS[z.dtype.name].over, launch.struct)
