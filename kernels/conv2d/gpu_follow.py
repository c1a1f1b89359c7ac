"""What follows a convolution that one of NVIDIA's libraries has computed: bias, activation and pooling, or the gradient
of the bias, by our kernels in a pass of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..gemm.gpu_cupy import finishing
from . import Sizes
from .gpu_cupy import FLOATS, bias_gradient, conv_struct, cuda_function
from .gpu_plan import ending_of, geometry_of, outputs

Follow = tuple[int, Callable[[Sequence[Any], Sequence[Any], Any], None]]  # bytes of scratch, and what to run


def what_follows(z: Sizes) -> Follow:
    """Run with (outs, ins, scratch) after the sums have been written, of float32 or float64."""
    return _db(z) if z.direction == "weight" else _ending(z)


def _ending(z: Sizes) -> Follow:
    ending, kind, target = ending_of(z), z.dtype.name, outputs(z)
    size = math.prod(target[0].shape)
    geometry = conv_struct(z, geometry_of(z), across=1, pieces=1, length=0)
    finish, pool = (cuda_function(FLOATS[kind], f"conv2d_{name}_{kind}") for name in ("finish", "pool"))
    end = finishing(
        finish, size, 1, inner=math.prod(target[0].shape[2:]), channels=target[0].shape[1], bias=ending.bias,
        function=ending.function,
    )  # fmt: skip

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        y, w = outs[0], ins[1]
        if ending.bias or ending.function:
            bias, activated = (ins[2] if ending.bias else w), (ins[-1] if ending.function > 3 else w)
            end(y, y, y, bias, activated)
        if ending.pooled:
            argmax = outs[2] if ending.pooled == 2 else scratch
            pool(math.prod(target[1].shape), y, outs[1], argmax, np.int64(z.N * z.K), geometry)

    return 0, run


def _db(z: Sizes) -> Follow:
    """The gradient of the bias, if it is wanted."""
    if not z.epilogue:
        return 0, lambda outs, ins, scratch: None
    more, start = bias_gradient(z)

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        start(ins[1], outs[1], scratch)

    return more, run
