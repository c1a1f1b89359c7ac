"""CUDA C++, in dropout.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes, gpu_plan

FILE = Path(__file__).with_name("dropout.cu")


def _functions(kind: str) -> gpu_plan.Functions:
    """The functions of the file for one type of numbers; drawing and advancing have none."""
    by_kind = (f"{name}_{kind}" for name in ("forward", "apply", "apply_planes"))
    return gpu_plan.Functions(*(launch.CudaFunction(FILE, f"dropout_{name}") for name in (*by_kind, "draw", "advance")))


FUNCTIONS = {kind: _functions(kind) for kind in ("float32", "float64", "float16", "bfloat16")}


def plan(z: Sizes) -> Plan | None:
    """Floating numbers of two, four and eight bytes. Not the forward pass of the twister: its words come one after the
    other, and such masks from the host."""
    if z.dtype.name not in FUNCTIONS:
        return None
    return gpu_plan.plan(z, FUNCTIONS[z.dtype.name], 16 // z.dtype.itemsize)
