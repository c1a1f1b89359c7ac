"""What the plans of the GPU backends have in common: the lengths that kernels know, and who follows a convolution."""

from __future__ import annotations

import math
from typing import NamedTuple

from .. import layout
from ..dispatch import Output
from ..gemm.gpu_plan import function_of
from . import Sizes
from .cpu_numpy import outputs as plain_outputs


class Geometry(NamedTuple):
    """The lengths of a convolution as the kernels count them; geometry.cuh says what they mean."""

    N: int
    C: int
    H: int
    W: int
    K: int
    OH: int
    OW: int
    KH: int
    KW: int
    groups: int
    sh: int
    sw: int
    ph: int
    pw: int
    dh: int
    dw: int
    adjoint: int
    gap_h: int
    gap_w: int
    families_h: int
    families_w: int

    @property
    def rows(self) -> int:
        """Rows of the largest family of outputs, which is the first."""
        return -(-self.OH // self.sh) if self.adjoint else self.OH

    @property
    def columns(self) -> int:
        """Columns of the largest family of outputs."""
        return -(-self.OW // self.sw) if self.adjoint else self.OW


def geometry_of(z: Sizes) -> Geometry:
    """The lengths of one direction; the weight gradient looks as the forward pass does."""
    C, K = z.C // z.groups, z.K // z.groups
    adjoint = z.direction == "input"
    planes = (K, z.OH, z.OW, C, z.H, z.W) if adjoint else (C, z.H, z.W, K, z.OH, z.OW)
    gaps = [s // math.gcd(s, d) if adjoint else 1 for s, d in zip(z.stride, z.dilation, strict=True)]
    families = [min(s, n) if adjoint else 1 for s, n in zip(z.stride, (z.H, z.W), strict=True)]
    return Geometry(z.N, *planes, z.KH, z.KW, z.groups, *z.stride, *z.padding, *z.dilation, adjoint, *gaps, *families)


def is_small_enough(z: Sizes) -> bool:
    """Whether places within an image, and positions beside it, are numbers of 32 bits."""
    largest = max(
        math.prod(z.x_shape[1:]), math.prod(z.y_shape[1:]), math.prod(z.w_shape), z.N,
        *(
            (out + 1) * s + p + taps * d
            for out, s, p, taps, d in zip(
                (max(z.OH, z.H), max(z.OW, z.W)), z.stride, z.padding, (z.KH, z.KW), z.dilation, strict=True
            )
        ),
    )  # fmt: skip
    return largest < 1 << 30


def covers_its_image(z: Sizes) -> bool:
    """Whether each filter is as large as the image and meets it once, and nothing is pooled."""
    whole = (z.OH, z.OW, z.KH, z.KW) == (1, 1, z.H, z.W) and z.padding == (0, 0) and z.groups == 1
    return whole and (z.dilation == (1, 1) or z.H * z.W == 1) and not any("pool" in step for step in z.epilogue)


def inputs(z: Sizes) -> tuple[str, ...]:
    """The memory orders of the inputs: all plain."""
    more = sum(step == "bias" or step.endswith("_gradient") for step in z.epilogue) if z.direction != "weight" else 0
    return (layout.PLAIN,) * (2 + more)


def outputs(z: Sizes) -> tuple[Output, ...]:
    """The outputs, all plain."""
    return plain_outputs(z, layout.PLAIN)


class Ending(NamedTuple):
    """What follows the sums: is there a bias (weight: is db wanted), the number of the function, and of the pooling
    (0 none, 1 the mean, 2 the largest)."""

    bias: bool
    function: int
    pooled: int


def ending_of(z: Sizes) -> Ending:
    """The epilogue in the kernels' numbers."""
    return Ending(
        "bias" in z.epilogue, function_of(z.epilogue), 2 * ("maxpool2" in z.epilogue) + ("avgpool2" in z.epilogue)
    )
