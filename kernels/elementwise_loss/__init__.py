"""Contract: losses of pairs of numbers, element by element, reduced, and the gradient of the first one.

direction   ins                              outs
forward     a, b  (size,)                    the losses (size,) with reduction "none", else their sum or mean (1,)
backward    grad, a, b                       da (size,) = grad · f'(a), divided by the size for a mean

grad is (1,), or with "none" (size,). The order of the elements is of no account, but it is one for all arrays.

function            f(a, b)
mse                 (a - b)²
smooth_l1           with d = |a - b|: d²/(2·beta) where d < beta, else d - beta/2
huber               d²/2 where d ≤ delta, else delta·(d - delta/2)
soft_margin         ln(1 + e^(-a·b))
bce                 -b·ln a - (1 - b)·ln(1 - a), with logarithms of at least -100; a is a probability
bce_with_logits     bce of σ(a): max(a, 0) - a·b + ln(1 + e^-|a|)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import layout
from ..dispatch import Output

FUNCTIONS = ("mse", "smooth_l1", "huber", "soft_margin", "bce", "bce_with_logits")


class Sizes(NamedTuple):
    """Which loss, forward or backward, of how many pairs."""

    function: str
    direction: str  # "forward", "backward"
    size: int
    dtype: Any
    reduction: str  # "none", "sum", "mean"
    parameter: float = 0.0  # beta, delta

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (layout.PLAIN,) * (2 if self.direction == "forward" else 3)

    def outputs(self) -> tuple[Output, ...]:
        """The one output."""
        reduced = self.direction == "forward" and self.reduction != "none"
        return (Output((1 if reduced else self.size,), self.dtype),)
