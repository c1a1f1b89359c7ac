"""A filter that covers its whole image makes of a convolution a matrix product (as_product.py says how), and arrays in
plain order are the matrices as they stand. A tile of the convolution would mostly multiply by the zeros beside g.

    forward  y (N, K) = x (N, T) @ wᵀ      input  dx (N, T) = g (N, K) @ w      weight  dw (K, T) = gᵀ @ x
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import precision
from ..dispatch import Plan
from ..gemm import Sizes as ProductSizes
from ..gemm.gpu_cupy import planned
from ..layout import BATCH_LAST, PLAIN
from . import Sizes
from .gpu_plan import covers_its_image, inputs, outputs


def plan_as_product(z: Sizes) -> Plan | None:
    """The plan of the product; None where the convolution is more than that."""
    T = z.C * z.H * z.W
    if not covers_its_image(z) or (z.direction == "input" and "bias" in z.epilogue and T > z.C):
        return None  # the bias of dx belongs to a channel, not to a pixel
    product = {
        "forward": ProductSizes(z.N, z.K, T, z.dtype, PLAIN, BATCH_LAST, PLAIN, z.epilogue),
        "input": ProductSizes(z.N, T, z.K, z.dtype, PLAIN, PLAIN, PLAIN, z.epilogue),
        "weight": ProductSizes(z.K, T, z.N, z.dtype, BATCH_LAST, PLAIN, PLAIN, ("row_sums",) * len(z.epilogue)),
    }[z.direction]
    made = planned(product, precision.tf32("conv2d"))
    if made is None:
        return None

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        # Kernels look at memory: that of w (K, C, H, W) in plain order is that of wᵀ (T, K) with its columns together.
        made.run(outs, (ins[1], ins[0]) if z.direction == "weight" else ins, scratch)

    return Plan(f"matrix product, {made.algorithm}", inputs(z), outputs(z), made.scratch_bytes, run)
