"""Contract: dropout, with PyTorch's random numbers of the CPU or with those of a counter-based generator.

direction   ins        outs
forward     x          y = x · keep / (1 - p),  keep uint8 (1: kept),  state
backward    g, keep    dx = g · keep / (1 - p)

x, y, g and dx have `shape` (N, C, …), in memory order `order`; so has keep, but with `features` it is (N, C), one
number for a whole channel of an image. 1 / (1 - p) is rounded to dtype first.

**The output `state` is read and written**, where the generator keeps it, so that the next draw, also that of a
captured step that is replayed, goes on from there. The numbers of keep are drawn in logical order, the last axis of
keep fastest, whatever the memory order. There are two generators:

generator    state          number i of keep is
"twister"    uint32 (625,)  (u & 2^53 - 1) · 2^-53 < 1 - p, with u made of the next two words of a Mersenne Twister, the
                            first in the high half. The state is its 624 words and how many of them were taken
                            (stream.Stream.memory): the masks are PyTorch's.
"philox"     uint64 (2,)    w · 2^-32 < 1 - p, with w word i mod 4 of block offset + ⌊i / 4⌋ of Philox (philox.py). The
                            state is the seed and the offset, which goes on by ⌈size of keep / 4⌉. Each word can be made
                            without those before it, so this is the GPU's.

Source: Matsumoto & Nishimura 1998, "Mersenne Twister"; Salmon et al. 2011, "Parallel Random Numbers"; Srivastava et
al. 2014, "Dropout"; of channels, Tompson et al. 2015, "Efficient Object Localization Using Convolutional Networks".
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..dispatch import Output

STATES = {"twister": ((625,), np.dtype("uint32")), "philox": ((2,), np.dtype("uint64"))}  # shape and dtype of `state`
BITS = {"twister": 53, "philox": 32}  # of a draw


class Sizes(NamedTuple):
    """Everything about a dropout but its numbers; 0 < p < 1."""

    direction: str  # "forward", "backward"
    shape: tuple[int, ...]
    dtype: Any
    order: str
    p: float
    features: bool
    generator: str = "twister"  # "twister", "philox"

    def scale(self) -> Any:
        """1 / (1 - p), rounded as PyTorch rounds it."""
        return self.dtype.type(1) / self.dtype.type(1 - self.p)

    def threshold(self) -> int:
        """What the bits of a draw have to stay below to be kept."""
        return math.ceil((1 - self.p) * 2.0 ** BITS[self.generator])

    def keep_shape(self) -> tuple[int, ...]:
        """The shape of keep."""
        return self.shape[:2] if self.features else self.shape

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (self.order,) if self.direction == "forward" else (self.order, self.order)

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        values = Output(self.shape, self.dtype, self.order)
        if self.direction == "backward":
            return (values,)
        keep, state = Output(self.keep_shape(), np.dtype("uint8"), self.order), STATES[self.generator]
        return (values, keep, Output(*state, updated=True))
