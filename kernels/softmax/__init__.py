"""Contract: softmax and its logarithm along an axis, and their gradients.

    softmax    y = e^x / Σ e^x            dx = y · (g - Σ g·y)
    its log    y = x - ln Σ e^x           dx = g - e^y · Σ g

direction   ins            outs
forward     x (size,)      y (size,)
backward    g, y           dx (size,)

All arrays are memory that is read as (outer, classes, inner); the sums are over `classes`. So one axis of plain or of
batch-last arrays is the same to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import layout
from ..dispatch import Output


class Sizes(NamedTuple):
    """Everything but the numbers."""

    direction: str  # "forward", "backward"
    log: bool
    outer: int
    classes: int
    inner: int
    dtype: Any

    @property
    def size(self) -> int:
        """How many numbers an array has."""
        return self.outer * self.classes * self.inner

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (layout.PLAIN,) * (1 if self.direction == "forward" else 2)

    def outputs(self) -> tuple[Output, ...]:
        """The one output."""
        return (Output((self.size,), self.dtype),)
