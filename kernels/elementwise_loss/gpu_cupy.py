"""CUDA C++, in elementwise_loss.cuh, started through CuPy."""

from __future__ import annotations

import functools
from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILES = {
    "float32": "elementwise_loss.cu", "float64": "elementwise_loss_float64.cu",
    "float16": "elementwise_loss_float16.cu", "bfloat16": "elementwise_loss_float16.cu",
}  # fmt: skip


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two, four and eight bytes."""
    kind = z.dtype.name
    if kind not in FILES:
        return None
    names = (f"{z.function}_none", f"{z.function}_reduced", "finish", f"{z.function}_backward")
    functions = gpu_plan.Functions(*(_function(FILES[kind], f"elementwise_loss_{name}_{kind}") for name in names))
    return gpu_plan.plan(z, functions, launch.packs(z.size, z.dtype))


@functools.cache
def _function(file: str, name: str) -> launch.CudaFunction:
    return launch.CudaFunction(Path(__file__).with_name(file), name)
