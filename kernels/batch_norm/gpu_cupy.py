"""CUDA C++, in batch_norm.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..channels import MOST
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import KERNELS, TYPES, planned

FILE = Path(__file__).with_name("batch_norm.cu")
FUNCTIONS = {
    (kernel, name): launch.CudaFunction(FILE, f"{kernel}_{name}") for kernel in KERNELS for name in TYPES
}  # fmt: skip


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, channels of fewer than 2³⁰ numbers."""
    if z.dtype.name not in TYPES or max(z.shape[0], z.shape[1], z.per_channel()) >= MOST:
        return None
    return planned(z, lambda kernel: FUNCTIONS[kernel, z.dtype.name].over, launch.struct)
