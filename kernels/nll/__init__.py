"""Contract: the negative log-likelihood of class numbers, with class weights and smoothed labels, and its gradient.

    loss[n] = -(1 - s)·w[t]·x[n, t] - s/C · Σ_c w[c]·x[n, c],    t = target[n],  s = smoothing,  C = classes

direction   ins                                outs
forward     x, target, weight?                 loss (N,), total (2,)
input       grad, target, total, weight?       dx = grad · factor · ∂loss/∂x

x and dx are (N, classes) in memory order `order`: logarithms of probabilities; target is (N,) int64, weight (classes,)
is there if `weighted`, and else 1. A target that is `ignore_index` has loss and gradient 0. total is what the losses
are reduced to and the `factor` that goes with it, by `reduction`:

    "sum"   Σ loss, 1         "mean"   Σ loss / Σ w[t], 1 / Σ w[t]  (over the targets that count; NaN if that is 0)
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
    weighted: bool = False
    smoothing: float = 0.0

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        given = (self.order, layout.PLAIN) if self.direction == "forward" else (layout.PLAIN,) * 3
        return given + (layout.PLAIN,) * self.weighted

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        if self.direction == "input":
            return (Output((self.N, self.classes), self.dtype, self.order),)
        return (Output((self.N,), self.dtype), Output((2,), self.dtype))
