"""Contract: batch normalisation of the channels of x (N, C, …), and its gradients.

    y = (x - mean_c) · r_c · weight_c + bias_c,    r_c = 1 / √(var_c + eps)

direction   ins                                              outs
forward     x, weight?, bias?, running_mean?, running_var?   y, mean (C,), r (C,), running_mean?, running_var?, count?
backward    g, x, mean, r, weight?                           dx, dweight (C,), dbias (C,)

weight and bias are there if `affine` names them. With `from_batch` mean and var are those of the batch (var is
Σ (x - mean)² / m over the m numbers of a channel), and with `momentum` the running ones are **outputs that are read
and written**:

    running = (1 - momentum)·running + momentum·(mean, or var · m / (m - 1))

momentum < 0 is 1 / (the new count). With `counted` count, int64 (1,), is raised by one. Without `from_batch` the
running ones are inputs, and serve as mean and var.

x, y, g, dx are in memory order `order`; mean and r are float32 where x has two bytes.
Backward, with a bar for the mean over a channel and x̂ = (x - mean)·r:

    dx = weight · r · (g - ḡ - x̂ · mean(g·x̂))        without `from_batch`: weight · r · g
    dweight = Σ g·x̂,   dbias = Σ g

Source: Ioffe & Szegedy 2015, "Batch Normalization", algorithm 1 and section 3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import launch, layout
from ..dispatch import Output


class Sizes(NamedTuple):
    """Everything about a normalisation but its numbers."""

    direction: str  # "forward", "backward"
    shape: tuple[int, ...]
    dtype: Any
    order: str
    affine: tuple[str, ...]  # of "weight", "bias"
    from_batch: bool
    momentum: float | None  # None: no running statistics are written
    counted: bool
    eps: float

    def per_channel(self) -> int:
        """How many numbers a channel has."""
        return math.prod(self.shape[:1] + self.shape[2:])

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        if self.direction == "forward":
            return (self.order,) + (layout.PLAIN,) * (len(self.affine) + 2 * (not self.from_batch))
        return (self.order, self.order) + (layout.PLAIN,) * (2 + ("weight" in self.affine))

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        values, channel = Output(self.shape, self.dtype, self.order), Output(self.shape[1:2], self.dtype)
        if self.direction == "backward":
            return (values, channel, channel)
        exact = channel._replace(dtype=launch.sums_dtype(self.dtype))
        if self.momentum is None:
            return (values, exact, exact)
        running, count = channel._replace(updated=True), Output((1,), np.dtype("int64"), updated=True)
        return (values, exact, exact, running, running) + (count,) * self.counted
