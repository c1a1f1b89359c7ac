"""CUDA C++, in softmax.cu, started through CuPy."""

from __future__ import annotations

from pathlib import Path

from .. import launch
from ..dispatch import Plan
from . import Sizes
from .gpu_plan import planned

FILE = Path(__file__).with_name("softmax.cu")
FUNCTIONS = {
    (direction, name): launch.CudaFunction(FILE, f"{direction}_{name}")
    for direction in ("forward", "backward")
    for name in launch.ALL_FLOATS
}


def plan(z: Sizes) -> Plan | None:
    """Every floating type, each length less than 2³¹."""
    function = FUNCTIONS.get((z.direction, z.dtype.name))
    if function is None or max(z.outer, z.classes, z.inner) >= 1 << 31:
        return None
    return planned(z, function.over, launch.struct)
