"""The table of operations: a row says how to call one, on what. tests/test_operations.py runs every row.

`call(m, *inputs)` is the same code for minicnn and torch: `m` is the module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Make = Callable[[np.random.Generator], np.ndarray]


def normal(*shape: int) -> Make:
    """Standard normal numbers."""
    return lambda random: random.standard_normal(shape)


def positive(*shape: int) -> Make:
    """Numbers from 0.5 to 2."""
    return lambda random: random.uniform(0.5, 2.0, shape)


def distinct(*shape: int) -> Make:
    """Numbers at least 0.1 from each other and from every whole number: no kink, tie or jump is near."""

    def make(random: np.random.Generator) -> np.ndarray:
        size = int(np.prod(shape))
        return ((random.permutation(size) - size // 2) * 0.25 + 0.125).reshape(shape)

    return make


def tied(*shape: int) -> Make:
    """Numbers of which many are equal."""
    return lambda random: random.integers(0, 3, shape).astype(np.float64)


def integers(*shape: int, low: int = 0, high: int = 3) -> Make:
    """int64 from `low` up to but without `high`."""
    return lambda random: random.integers(low, high, shape)


def booleans(*shape: int) -> Make:
    """True and False."""
    return lambda random: random.random(shape) < 0.5


def values(*numbers: Any, dtype: Any = None) -> Make:
    """These numbers."""
    return lambda random: np.array(numbers, dtype)


@dataclass(frozen=True)
class Row:
    """One call of one operation.

    `smooth`: finite differences hold (no kink near the inputs). `second`: so do those of the gradient.
    `grad_fn`: the node has PyTorch's name. `differentiable`: there is a gradient at all.
    """

    function: str  # name of the registered function
    call: Callable[..., Any]
    inputs: tuple[Make, ...]
    smooth: bool = True
    second: bool = True
    grad_fn: bool = True
    differentiable: bool = True
    options: dict[str, Any] = field(default_factory=dict)

    def arrays(self, dtype: Any = np.float64) -> list[np.ndarray]:
        """The inputs, always the same ones; floating ones as `dtype`."""
        random = np.random.default_rng(7)
        made = [make(random) for make in self.inputs]
        return [a.astype(dtype) if a.dtype == np.float64 else a for a in made]


class Table:
    """Rows and errors of one family."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.errors: list[tuple[str, Callable[[Any], Any], type[Exception], str]] = []

    def add(self, function: str, call: Callable[..., Any], *inputs: Make, **options: Any) -> None:
        """A row: `call(m, *inputs)`."""
        self.rows.append(Row(function, call, inputs, **options))

    def refuse(self, function: str, call: Callable[[Any], Any], error: type[Exception], says: str = "") -> None:
        """A call that both refuse: `call(m)` raises `error`; the text of ours holds the pattern `says`."""
        self.errors.append((function, call, error, says))
