"""The gradient of the filters by Winograd's convolution: the transpose of winograd.py.

    dw = Gᵀ [ Σ (A g Aᵀ) ⊙ (Bᵀ x B) ] G          over all tiles of all images

A tile of m×m numbers of g meets T×T pixels of x. The sums stay in the places, and go back to r×r taps only once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layout, simd, threads
from ..dispatch import Output, Plan
from ..layout import memory
from ..window import forward_axis
from . import Sizes, winograd_loops
from .winograd import pays
from .winograd_schemes import scheme_of

WANTED_TASKS = 8  # enough to share out; fixed, so that no sum depends on the number of threads
FEWEST = 4  # to be shared out at all
PARTIAL_BYTES = 16 << 20  # for the partial sums
LANES = 128  # images at a time: so many, since each sum costs time at its end
TILE_BYTES = 4 << 20  # of the transformed numbers of the tiles done together


def plan_winograd_weight(z: Sizes) -> Plan | None:
    """The plan, for batch-last arrays of float32; None where there is no scheme for it, or it does not pay."""
    scheme = scheme_of(z)
    (h,), (w,) = (
        forward_axis(taps, out, 1, before, 1)
        for taps, out, before in ((z.KH, z.OH, z.padding[0]), (z.KW, z.OW, z.padding[1]))
    )
    C, K, N, item, bias = z.C // z.groups, z.K // z.groups, z.N, z.dtype.itemsize, bool(z.epilogue)
    if scheme is None or not pays(scheme, z, C, K, (h, w), (z.H, z.W)):
        return None
    side, places = scheme.outputs, scheme.size**2
    vector = simd.vector_bytes() // item
    rows, most = range(0, z.OH, side), LANES
    while most > LANES // 4 and -(-N // most) * len(rows) < FEWEST:
        most //= 2
    lanes = min(N, -(-N // -(-N // most) // vector) * vector)
    together = max(1, min(-(-z.OW // side), TILE_BYTES // (places * (C + K) * lanes * item)))
    units = np.array([(oh, l0, min(N, l0 + lanes)) for l0 in range(0, N, lanes) for oh in rows], np.int64)
    filters = z.K * C
    numbers = places * filters + z.K
    chunks = min(WANTED_TASKS, len(units), PARTIAL_BYTES // (numbers * item))
    if chunks < min(FEWEST, len(units)):
        return None
    GT = np.ascontiguousarray(scheme.G().T)
    room = max(
        places * (together * (C + K) + 2) * lanes,
        (places + scheme.size * scheme.taps + 1) * winograd_loops.TOGETHER,
    )  # fmt: skip
    geometry = np.array([
        C, K, z.H, z.W, z.OH, z.OW, N, z.groups, *z.padding, lanes, together, room, vector, side, chunks, int(bias)
    ])  # fmt: skip
    offsets = np.arange(C) * together * lanes

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        partial = scratch.view(z.dtype)
        winograd_loops.winograd_weight(
            memory(ins[0]), memory(ins[1]), outs[0].reshape(-1), outs[1] if bias else partial, GT, offsets, units,
            partial, geometry,
        )  # fmt: skip

    outputs = (Output(z.w_shape, z.dtype), *((Output((z.K,), z.dtype),) if bias else ()))
    scratch_bytes = (chunks * numbers + threads.most() * room) * item
    order = layout.BATCH_LAST
    return Plan("Winograd of the filters, batch in the lanes", (order, order), outputs, scratch_bytes, run)
