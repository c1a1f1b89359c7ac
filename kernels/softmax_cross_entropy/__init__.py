"""Contract: softmax and cross-entropy of rows of class scores, in one pass.

    p[n, c]  = exp(x[n, c] - max_c x) / Σ_c exp(x[n, c] - max_c x)
    loss[n]  = -ln p[n, target[n]]

ins   x (N, classes) in memory order `order`, target (N,) int64 (0 ≤ target < classes, or `ignore_index`)
outs  loss (N,): 0 for an ignored target;  p (N, classes) in memory order `order`
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Everything about the loss but its numbers."""

    N: int
    classes: int
    dtype: Any
    order: str
    ignore_index: int
