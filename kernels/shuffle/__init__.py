"""Contract: 0 … n-1, shuffled from the front (Fisher & Yates) by partners that were drawn before.

ins                        outs
partners int64 (n - 1,)    order int64 (n,)

    order = 0 … n-1;  for i in 0 … n-2:  order[i] and order[partners[i]] change places

Source: Fisher & Yates 1938; Durstenfeld 1964, algorithm 235.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..dispatch import Output


class Sizes(NamedTuple):
    """How many numbers."""

    n: int

    def inputs(self) -> tuple[str, ...]:
        """The memory order of the partners."""
        return ("plain",)

    def outputs(self) -> tuple[Output, ...]:
        """The numbers in their new order."""
        return (Output((self.n,), np.dtype("int64")),)
