"""A case: source that calls minicnn or torch, the arrays that it works on, and how they lie in memory.

`Draw` makes them, from random numbers that follow from (kind, seed, number) alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

BATCHES = (0, 1, 2, 3, 5, 8, 9, 16, 17, 33)  # from 8 on convolutions put the images into the lanes
MEMORY = ("plain", "plain", "sliced", "transposed", "batch_last")
FLOATS = ("float64", "float64", "float32", "float32")


# --- arrays ---------------------------------------------------------------------------------------


def normal(seed, shape):
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape)


def uniform(seed, shape, low=0.0, high=1.0):
    """Numbers between `low` and `high`."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def whole(seed, shape, low=0, high=5):
    """int64 from `low` up to but without `high`."""
    return np.random.default_rng(seed).integers(low, high, shape)


def distinct(seed, shape):
    """Numbers at least 0.1 apart: no tie and no kink is near."""
    size = int(np.prod(shape))
    return ((np.random.default_rng(seed).permutation(size) - size // 2) * 0.25 + 0.125).reshape(shape)


def special(seed, shape):
    """Normal numbers, with NaN, infinities, zeros of both signs and equal numbers among them."""
    random = np.random.default_rng(seed)
    numbers = random.standard_normal(shape)
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0])
    return np.where(random.random(shape) < 0.3, values[random.integers(0, len(values), shape)], numbers)


def extreme(seed, shape):
    """As `special`, without NaN."""
    numbers = special(seed, shape)
    return np.where(np.isnan(numbers), 0.5, numbers)


ARRAYS = {f.__name__: f for f in (normal, uniform, whole, distinct, special, extreme)}


# --- the case -------------------------------------------------------------------------------------


@dataclass
class Input:
    """A tensor of a case: `source` makes its array."""

    name: str
    source: str
    dtype: str
    memory: str = "plain"
    grad: bool = True  # a leaf, if its type allows it

    def array(self):
        """The numbers, in their type."""
        return np.asarray(eval(self.source, dict(ARRAYS))).astype(self.dtype)


@dataclass
class Case:
    """`source` assigns the result to `y`: a tensor, a tuple of tensors, or numbers. `layer`, if it assigns one, is a
    module whose parameters are differentiated, too."""

    source: str
    inputs: list[Input]
    cotangents: int = 0  # the seed of the cotangents
    second: bool = False  # also the gradients of the gradients
    backend: str = "numba"  # minicnn's
    looser: float = 1.0  # by which the tolerance is larger: sums of sums of sums
    faults: bool = False  # whether torch may make an output without pixels where minicnn refuses
    changed: dict[str, Any] = field(default_factory=dict)  # `invalid`: which argument was made wrong, and how

    def script(self) -> str:
        """The case as a script: it prints what both sides say."""
        lines = ["import minicnn, torch", "import numpy as np", "from minicnn import kernels"]
        lines += [f"from tests.fuzz.case import {', '.join(ARRAYS)}", "from tests.fuzz.run import compiled, leaf", ""]
        lines += ["for m in (torch, minicnn):", "    nn, F, optim = m.nn, m.nn.functional, m.optim"]
        for i in self.inputs:
            lines.append(f"    {i.name} = leaf(m, {i.source}, {i.dtype!r}, {i.memory!r}, {i.grad})")
        lines += [f"    with kernels.use({self.backend!r}):"]
        lines += [f"        {line}" for line in self.source.split("\n")]
        lines += ["    print(y)"]
        return "\n".join(lines)


class Draw:
    """Random choices, and inputs of the case that is being made."""

    def __init__(self, kind: str, seed: int, number: int) -> None:
        self.random = np.random.default_rng([*kind.encode(), seed, number])
        self.inputs: list[Input] = []

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.random.random() < probability)

    def pick(self, *choices: Any) -> Any:
        """One of these."""
        return choices[self.random.integers(len(choices))]

    def int(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.random.integers(low, high + 1))

    def ints(self, low: int, high: int, count: int) -> tuple[int, ...]:
        """`count` of them."""
        return tuple(self.int(low, high) for _ in range(count))

    def each(self, low: int, high: int, axes: int) -> Any:
        """One number for all axes, or one for each."""
        return self.int(low, high) if self.chance(0.5) else self.ints(low, high, axes)

    def float(self, low: float, high: float) -> float:
        """A number of three decimals."""
        return round(float(self.random.uniform(low, high)), 3)

    def seed(self) -> int:
        """A seed for an array."""
        return int(self.random.integers(2**31))

    def batch(self) -> int:
        """A batch size."""
        return self.pick(*BATCHES)

    def input(
        self, name: str, shape: Any, dtype: str = "float64", make: str = "normal", grad: bool = True, **options: Any
    ) -> str:
        """A new input; its name."""
        more = "".join(f", {key}={value!r}" for key, value in options.items())
        source = f"{make}({self.seed()}, {tuple(int(n) for n in shape)}{more})"
        self.inputs.append(Input(name, source, dtype, self.pick(*MEMORY), grad))
        return name

    def dtype(self, others: float = 0.05) -> str:
        """A floating type; now and then another one."""
        if self.chance(others):
            return self.pick("int64", "int32", "uint8", "int8", "int16", "bool")
        return self.pick(*FLOATS)

    def case(self, source: str, **options: Any) -> Case:
        """The case of this source and of the inputs made so far."""
        options.setdefault("second", self.chance(0.2))
        return Case(source, self.inputs, self.seed(), backend=self.pick("numba", "numba", "numpy"), **options)


def call(function: str, *args: Any, **options: Any) -> str:
    """The source of a call; `args` are source, `options` values (None-valued ones are written, too)."""
    return f"{function}({', '.join([*map(str, args), *(f'{k}={v!r}' for k, v in options.items())])})"


def some(draw: Draw, options: dict[str, Any], keep: float = 0.7) -> dict[str, Any]:
    """Some of these options: the others take their defaults."""
    return {key: value for key, value in options.items() if draw.chance(keep)}
