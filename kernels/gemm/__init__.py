"""Contract: the product of two matrices, C = A @ B [+ bias], in the thread pool of all other kernels.

ins   A (M, K), B (K, N) [, bias (N,)]
outs  C (M, N)

`a_order`, `b_order` and `c_order` are the memory orders of the matrices: plain (rows lie together) or
batch_last (columns lie together: the transpose of a plain matrix, or activations with the batch
innermost). All eight combinations are computed without a copy of the whole matrix, except where
neither operand runs along the result (the plan then transposes one into scratch).
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Everything about a product but its numbers."""

    M: int
    N: int
    K: int
    dtype: Any
    a_order: str
    b_order: str
    c_order: str
    epilogue: tuple[str, ...] = ()  # () or ("bias",)
