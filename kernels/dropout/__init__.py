"""Contract: dropout with PyTorch's random numbers, drawn from the memory of a Mersenne Twister.

direction   ins        outs
forward     x          y = x · keep / (1 - p),  keep uint8 (1: kept),  state uint32 (625,)
backward    g, keep    dx = g · keep / (1 - p)

x, y, g and dx have `shape` (N, C, …), in memory order `order`; so has keep, but with `features` it is (N, C), one
number for a whole channel of an image. 1 / (1 - p) is rounded to dtype first.

**The output `state` is read and written**: the 624 words of the twister and how many of them were taken, where
the generator keeps them (random.Stream.memory), so that other draws go on from there.

A number of keep is (u & 2^53 - 1) · 2^-53 < 1 - p, with u made of two words, the first in the high half. They are
drawn in logical order, the last axis of keep fastest, whatever the memory order.

Source: Matsumoto & Nishimura 1998, "Mersenne Twister"; Srivastava et al. 2014, "Dropout"; of channels, Tompson et
al. 2015, "Efficient Object Localization Using Convolutional Networks".
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..dispatch import Output

STATE = 625


class Sizes(NamedTuple):
    """Everything about a dropout but its numbers; 0 < p < 1."""

    direction: str  # "forward", "backward"
    shape: tuple[int, ...]
    dtype: Any
    order: str
    p: float
    features: bool

    def scale(self) -> Any:
        """1 / (1 - p), rounded as PyTorch rounds it."""
        return self.dtype.type(1) / self.dtype.type(1 - self.p)

    def threshold(self) -> int:
        """What the 53 bits of a draw have to stay below to be kept."""
        return math.ceil((1 - self.p) * 2.0**53)

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (self.order,) if self.direction == "forward" else (self.order, self.order)

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        values = Output(self.shape, self.dtype, self.order)
        if self.direction == "backward":
            return (values,)
        keep = self.shape[:2] if self.features else self.shape
        return (values, Output(keep, np.dtype("uint8"), self.order), Output((STATE,), np.dtype("uint32"), updated=True))
