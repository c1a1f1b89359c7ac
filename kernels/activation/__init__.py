"""Contract: tanh, sigmoid and ReLU, element by element, and their gradients.

direction   ins                outs
forward     x (size,)          y (size,)
backward    g, y  (size,)      the gradient of x, from the forward pass's OUTPUT y:
                               tanh g·(1 - y²),  sigmoid g·y·(1 - y),  relu 0 where y ≤ 0 else g

The order of the elements is of no account: callers pass the memory of plain or batch-last arrays.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Which function, forward or backward, on how many elements."""

    function: str  # "tanh", "sigmoid", "relu"
    direction: str  # "forward", "backward"
    size: int
    dtype: Any
