"""Single numbers from the default generator, as torchvision's transforms draw them.

They are those of `rand(1)`, `empty(1).uniform_(low, high)` and `randint(low, high, (1,))`; but a transform draws
several of them for every image, and the arrays of `Stream` take ten times as long as one number needs. Where the
default type is float64 it is they that draw, for fractions then take two words.
"""

from __future__ import annotations

import math

import numpy as np

from minicnn import dtypes
from minicnn.functional.generator import default_generator

_WIDE = 2**28  # from this range on a whole number takes two words


def fraction() -> float:
    """In [0, 1): `rand(())`, one of 2**24."""
    if dtypes.get_default_dtype() is dtypes.float64:
        return between(0.0, 1.0)
    return _fraction()


def _fraction() -> float:
    """Of one word."""
    return (int(default_generator._words(1)[0]) & 0xFFFFFF) * 2.0**-24


def happens(p: float) -> bool:
    """True with probability `p`: `rand(1) < p`, compared in the default type."""
    if dtypes.get_default_dtype() is dtypes.float64:
        return between(0.0, 1.0) < p
    return _fraction() < float(np.float32(p))


def between(low: float, high: float) -> float:
    """Uniform in [low, high): `empty(1).uniform_(low, high)`, of the default type. RuntimeError if low > high."""
    if dtypes.get_default_dtype() is dtypes.float64:
        return float(default_generator.uniform((1,), low, high, np.float64)[0])
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    first = np.float32(low)
    value = _sum(_fraction() * float(np.float32(high) - first), float(first))  # the product is exact
    return float(first) if value == float(np.float32(high)) else value


def _sum(a: float, b: float) -> float:
    """a + b of exact float64 numbers, rounded once, to float32."""
    total = a + b
    part = total - a
    lost = (a - (total - part)) + (b - part)
    if lost and not int(math.frexp(total)[0] * 2**53) & 1:
        # The lost bit decides at a tie of float32, and an odd float64 number is never one (Boldo & Melquiond 2008).
        total = math.nextafter(total, math.copysign(math.inf, lost))
    return float(np.float32(total))


def whole(low: int, high: int) -> int:
    """A whole number in [low, high): `randint(low, high, (1,))`. RuntimeError if there is none."""
    if high - low >= _WIDE or low >= high:
        return int(default_generator.randint((1,), low, high)[0])
    return low + int(default_generator._words(1)[0]) % (high - low)
