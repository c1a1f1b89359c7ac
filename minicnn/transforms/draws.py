"""Single draws from the default generator, as torchvision's transforms make them."""

from __future__ import annotations

from minicnn.functional.sampling import default_generator


def happens(p: float) -> bool:
    """True with probability `p`: `rand(1) < p`, compared in float32."""
    return bool(default_generator.uniform((1,))[0] < p)


def between(low: float, high: float) -> float:
    """Uniform in [low, high): `empty(1).uniform_(low, high)`, a float32 number."""
    return float(default_generator.uniform((1,), low, high)[0])


def whole(low: int, high: int) -> int:
    """A whole number in [low, high): `randint(low, high, (1,))`."""
    return int(default_generator.randint((1,), low, high)[0])
