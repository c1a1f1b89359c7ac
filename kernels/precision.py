"""How exact the products of float32 have to be on a GPU: a preference beside `dispatch.use`, off unless asked for.

TF32 is what tensor cores take for float32: the factors rounded to ten bits behind the point, products and sums in
float32. A result then has about three digits, some times faster. Who may choose it is not the kernels' affair: the
switches of PyTorch (minicnn.backends) put a function here that says how they stand.

A plan is made for one precision, which is part of its key in dispatch; a step that was captured keeps its own.
"""

from __future__ import annotations

from collections.abc import Callable

switches: dict[str, Callable[[], bool]] = {}  # kernel "gemm" or "conv2d" -> whether TF32 is allowed now


def tf32(kernel: str) -> bool:
    """Whether `kernel` may round the factors of float32 products to TF32.

    >>> tf32("gemm")
    False
    """
    switch = switches.get(kernel)
    return switch is not None and bool(switch())


def key() -> tuple[bool, bool]:
    """What the plan of any kernel may depend on."""
    return tf32("gemm"), tf32("conv2d")
