"""Contract: the product of two matrices, C = A @ B [+ bias], in the thread pool of all other kernels.

ins   A (M, K), B (K, N) [, bias (N,)] [, activated (M, N)]
outs  C (M, N) [, sums (M,)]

`a_order`, `b_order` and `c_order` are the memory orders of the matrices: plain (rows lie together) or
batch_last (columns lie together: the transpose of a plain matrix, or activations with the batch
innermost). All eight combinations are computed without a copy of the whole matrix, except where
neither operand runs along the result (the plan then transposes one into scratch).

`epilogue` is () or says, in this order, what is done on the way:
    "bias"                                                 C += bias
    "tanh", "relu" or "sigmoid"                            C = f(C)
    "tanh_gradient", "relu_gradient", "sigmoid_gradient"   instead: C = C · f'(…), from activated = f(…), in
                                                           memory order `c_order`, as the kernel `activation` does
    "row_sums"                                             sums[m] = Σ_k A[m, k]: with A the transposed gradient
                                                           of a linear layer's output, the gradient of its bias
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
    epilogue: tuple[str, ...] = ()
