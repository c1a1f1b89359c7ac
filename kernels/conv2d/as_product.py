"""A filter that covers its whole image (LeNet-5's C5) makes of a convolution the product of two matrices.

With one output pixel and a tap for each input pixel, T = C·H·W of them:

    forward  y (N, K) = x (N, T) @ wᵀ      input  dx (N, T) = g (N, K) @ w      weight  dw (K, T) = gᵀ @ x

The direct loops would do little at a time here: one pixel, or sums of no more terms than there are images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dispatch import Output, Plan
from ..gemm import Sizes as ProductSizes
from ..gemm.cpu_numba import plan as plan_product
from ..layout import BATCH_LAST, PLAIN
from . import Sizes


def plan_as_product(z: Sizes) -> Plan | None:
    """The plan of the product, for batch-last arrays; None where the convolution is more than that."""
    whole = (z.OH, z.OW, z.KH, z.KW) == (1, 1, z.H, z.W) and z.padding == (0, 0) and z.groups == 1
    if not whole or (z.dilation != (1, 1) and z.H * z.W > 1) or any("pool" in step for step in z.epilogue):
        return None
    T = z.C * z.H * z.W
    if z.direction == "input" and "bias" in z.epilogue and T > z.C:
        return None  # its bias belongs to a channel, not to a pixel
    if z.direction == "weight":
        sums = ("row_sums",) * len(z.epilogue)
        product = plan_product(ProductSizes(z.K, T, z.N, z.dtype, PLAIN, BATCH_LAST, PLAIN, sums))
    elif z.direction == "forward":
        product = plan_product(ProductSizes(z.N, z.K, T, z.dtype, BATCH_LAST, BATCH_LAST, BATCH_LAST, z.epilogue))
    else:
        product = plan_product(ProductSizes(z.N, T, z.K, z.dtype, BATCH_LAST, PLAIN, BATCH_LAST, z.epilogue))
    if product is None:  # too small
        return None

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        # The product only looks at the memory of its arrays, and that of (K, N) in plain order is that of
        # (N, K, 1, 1) with the batch last: no array has to be given another shape.
        product.run(outs, (ins[1], ins[0]) if z.direction == "weight" else ins, scratch)

    target, order = {
        "forward": (z.y_shape, BATCH_LAST), "input": (z.x_shape, BATCH_LAST), "weight": (z.w_shape, PLAIN)
    }[z.direction]  # fmt: skip
    orders = (BATCH_LAST, BATCH_LAST) if z.direction == "weight" else product.input_orders
    if z.direction == "forward":
        orders = (BATCH_LAST, PLAIN, *product.input_orders[2:])
    outputs = (Output(target, z.dtype, order), *product.outputs[1:])
    return Plan("matrix product, batch in the lanes", orders, outputs, product.scratch_bytes, run)
