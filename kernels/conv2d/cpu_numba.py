"""Numba: which algorithm a convolution takes, by its sizes; this is the one place where that is decided.

    as_product                    a filter as large as its image: a matrix product
    winograd                      forward and input of 3×3 and 5×5 filters, many channels: fewer multiplications
    winograd_weight               and the gradient of these filters
    data_plan, data_loops         forward and input of all others
    planes_plan                   and for small batches
    weight_plan, weight_loops     the gradient of the filters

For batches of at least one vector the arrays are batch-last, and the images are the lanes; smaller batches come in
plain order.
"""

from __future__ import annotations

import numpy as np

from .. import simd
from ..dispatch import Plan
from . import Sizes
from .as_product import plan_as_product
from .data_plan import plan_direct, task_of
from .planes_plan import plan_planes
from .weight_plan import weight_plan
from .winograd import plan_winograd
from .winograd_weight import plan_winograd_weight


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype not in (np.float32, np.float64) or 0 in z.x_shape + z.y_shape + z.w_shape:
        return None
    batch_last = simd.vector_bytes() // z.dtype.itemsize <= z.N
    if batch_last and (product := plan_as_product(z)):
        return product
    if z.direction == "weight":
        return (plan_winograd_weight(z) if batch_last else None) or weight_plan(z, batch_last)
    task = task_of(z)
    if not batch_last:
        return plan_planes(task)
    return plan_winograd(task) or plan_direct(task)
