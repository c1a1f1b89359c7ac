"""CUDA C++, in elementwise_loss.cu, started through CuPy."""

from __future__ import annotations

import functools
from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("elementwise_loss.cu")


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    names = (f"{z.function}_none", f"{z.function}_reduced", "finish", f"{z.function}_backward")
    functions = gpu_plan.Functions(*(_function(f"{name}_{z.dtype.name}") for name in names))
    return gpu_plan.plan(z, functions, launch.packs(z.size, z.dtype))


@functools.cache
def _function(name: str) -> launch.CudaFunction:
    return launch.CudaFunction(FILE, f"elementwise_loss_{name}")
