"""Contract: softmax and cross-entropy of rows of class scores, and the gradient of the scores, one pass each.

    p[n, c]  = exp(x[n, c] - max_c x) / Σ_c exp(x[n, c] - max_c x)
    loss[n]  = -ln p[n, target[n]]

direction   ins                              outs
forward     x, target                        loss (N,), p, total (2,)
input       p, target, grad, total           dx = grad · factor · (p - one-hot(target))

x, p and dx are (N, classes) in memory order `order`, target is (N,) int64. A target that is `ignore_index` has loss
and gradient 0; one that is no class NaN. total is what the losses are reduced to and the `factor` that goes with it,
by `reduction`:

    "sum"   Σ loss, 1         "mean"   Σ loss / count, 1 / count  (of the targets that count; NaN if none does)
    "none"  0, 1

grad is (1,), or with "none" (N,).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import layout
from ..dispatch import Output


class Sizes(NamedTuple):
    """Everything about the loss but its numbers."""

    direction: str  # "forward", "input"
    N: int
    classes: int
    dtype: Any
    order: str
    ignore_index: int
    reduction: str

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (self.order, layout.PLAIN) if self.direction == "forward" else (self.order, *(layout.PLAIN,) * 3)

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        scores = Output((self.N, self.classes), self.dtype, self.order)
        if self.direction == "input":
            return (scores,)
        return (Output((self.N,), self.dtype), scores, Output((2,), self.dtype))
