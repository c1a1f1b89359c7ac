"""CUDA C++, in pool2d.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from ..gemm.gpu_plan import function_of
from . import Sizes
from .gpu_plan import TYPES, planned

FILE = Path(__file__).with_name("pool2d.cu")
FUNCTIONS = {
    (*of, name): launch.CudaFunction(FILE, f"{'_'.join(of)}_{name}") for of, names in TYPES.items() for name in names
}


def plan(z: Sizes) -> Plan | None:
    """Floating numbers, forward whole ones, too; planes of fewer than 2³¹ numbers."""
    function = FUNCTIONS.get((z.kind, z.direction, z.dtype.name))
    if function is None or max(z.N * z.C, z.H * z.W, z.OH * z.OW) >= 1 << 31:
        return None
    gradients = tuple(f"{step}_gradient" for step in z.epilogue)
    return planned(z, function.over, launch.struct, function_of(gradients))
