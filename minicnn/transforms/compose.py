"""One transform after another, or some of them; functions as transforms."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minicnn.misfit import ToldAgain, telling
from minicnn.nn.module import Module
from minicnn.transforms.draws import happens

Transform = Callable[[Any], Any]


def _lines(name: str, parts: Iterable[Any]) -> str:
    return "\n    ".join([f"{name}(", *map(str, parts)]) + "\n)"


class Compose(ToldAgain):
    """Apply `transforms` one after another.

    >>> Compose([str.strip, len])("  abc ")
    3
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    @telling
    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _lines(type(self).__name__, self.transforms)


class Lambda:
    """Apply a function of the user. TypeError if it cannot be called.

    >>> Lambda(lambda x: x + 1)(2)
    3
    """

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomTransforms:
    """What RandomOrder and RandomChoice share: a sequence of transforms. TypeError for anything else."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError(f"Argument transforms should be a sequence, got {type(transforms).__name__!r}")
        self.transforms = transforms

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no `__call__`: define it")

    def __repr__(self) -> str:
        return _lines(type(self).__name__, self.transforms)


class RandomApply(Module):
    """With probability `p` all of `transforms`, a list or an nn.ModuleList, one after another. Draws one number."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if not happens(self.p):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _lines(type(self).__name__, [f"p={self.p}", *self.transforms])


class RandomOrder(RandomTransforms):
    """All of `transforms`, in an order drawn from Python's `random`, as in torchvision."""

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for number in order:
            img = self.transforms[number](img)
        return img


class RandomChoice(RandomTransforms):
    """One of `transforms`, by the weights `p` if given, drawn from Python's `random`, as in torchvision."""

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError(f"Argument p should be a sequence, got {type(p).__name__!r}")
        self.p = p

    def __call__(self, *args: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
