"""CUDA C++, in layer_norm.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..channels import MOST
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import KERNELS, planned

FILE = Path(__file__).with_name("layer_norm.cu")
FUNCTIONS = {
    (kernel, name): launch.CudaFunction(FILE, f"{kernel}_{name}") for kernel in KERNELS for name in launch.ALL_FLOATS
}  # fmt: skip


def plan(z: Sizes) -> Plan | None:
    """Every floating type; rows, and what one number of the weight is for, of fewer than 2³⁰ numbers."""
    if z.dtype.name not in launch.ALL_FLOATS or max(z.rows, z.row, z.rows // z.period * z.pixels) >= MOST:
        return None
    return planned(z, lambda kernel: FUNCTIONS[kernel, z.dtype.name].over, launch.struct)
