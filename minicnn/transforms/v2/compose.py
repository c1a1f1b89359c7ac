"""One transform after another, or some of them, on whole samples. What is random draws from the default generator,
where the older RandomChoice and RandomOrder draw from Python's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minicnn.functional import tensor
from minicnn.functional.sampling import multinomial, randperm
from minicnn.nn.module import Module
from minicnn.transforms.draws import happens

Change = Callable[..., Any]


def _after(transforms: Sequence[Change], inputs: tuple[Any, ...]) -> Any:
    """The sample after all `transforms`, each of which gets as many inputs as there were."""
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if len(inputs) > 1 else (outputs,)
    return inputs if len(inputs) > 1 else inputs[0]


class _Several(Module):
    """TypeError unless `transforms` are a sequence."""

    def __init__(self, transforms: Sequence[Change]) -> None:
        super().__init__()
        if not isinstance(transforms, Sequence) and not isinstance(transforms, Module):
            raise TypeError(f"Argument transforms should be a sequence of callables, got {transforms!r}")
        self.transforms: Any = transforms

    def extra_repr(self) -> str:
        return "\n".join(map(str, self.transforms))


class Compose(_Several):
    """Apply `transforms` one after another. ValueError if there is none."""

    def __init__(self, transforms: Sequence[Change]) -> None:
        super().__init__(transforms)
        if not transforms:
            raise ValueError(f"Pass at least one transform, got `transforms`={transforms!r}")

    def forward(self, *inputs: Any) -> Any:
        return _after(self.transforms, inputs)


class RandomApply(_Several):
    """Apply all of `transforms` with probability `p`. Draws one number. ValueError unless 0 ≤ p ≤ 1."""

    def __init__(self, transforms: Sequence[Change], p: float = 0.5) -> None:
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"`p` should be a floating point value in the interval [0.0, 1.0], got {p}")
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        return _after(self.transforms if happens(self.p) else (), inputs)


class RandomChoice(_Several):
    """Apply one of `transforms`, drawn with the weights `p`, evenly without. ValueError for another number of them."""

    def __init__(self, transforms: Sequence[Change], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1] * len(self.transforms) if p is None else p
        if len(weights) != len(self.transforms):
            raise ValueError(
                f"Length of p doesn't match the number of transforms: {len(weights)} != {len(self.transforms)}"
            )
        self.p = [weight / sum(weights) for weight in weights]

    def forward(self, *inputs: Any) -> Any:
        chosen = int(multinomial(tensor(self.p), 1)[0])
        return self.transforms[chosen](*inputs)


class RandomOrder(_Several):
    """Apply all of `transforms` in an order that is drawn."""

    def forward(self, *inputs: Any) -> Any:
        return _after([self.transforms[i] for i in randperm(len(self.transforms)).tolist()], inputs)


class Lambda(Module):
    """Apply a function of the user to every part of the sample of one of `types`; to all without."""

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {lambd!r}")
        self.lambd = lambd
        self.types = types or (object,)

    def forward(self, *inputs: Any) -> Any:
        return self._changed(inputs if len(inputs) > 1 else inputs[0])

    def _changed(self, sample: Any) -> Any:
        if isinstance(sample, tuple | list):
            return type(sample)(map(self._changed, sample))
        if isinstance(sample, dict):
            return {key: self._changed(item) for key, item in sample.items()}
        return self.lambd(sample) if isinstance(sample, self.types) else sample
