"""CUDA C++, in softmax_cross_entropy.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import planned

FILE = Path(__file__).with_name("softmax_cross_entropy.cu")
FUNCTIONS = {
    (kernel, name): launch.CudaFunction(FILE, f"{kernel}_{name}")
    for kernel in ("forward", "finish", "input")
    for name in launch.ALL_FLOATS
}


def plan(z: Sizes) -> Plan | None:
    """Every floating type, each length less than 2³¹."""
    if z.dtype.name not in launch.ALL_FLOATS or max(z.N, z.classes) >= 1 << 31:
        return None
    return planned(z, lambda kernel: FUNCTIONS[kernel, z.dtype.name].over, launch.struct)
