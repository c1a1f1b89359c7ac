"""Samplers: the order in which samples are visited.

What a sampler draws, from which generator and *when*, is PyTorch's, so that the same seed gives the same
order; see :class:`RandomSampler`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import Generator, default_generator
from minicnn.functional.sampling import multinomial
from minicnn.suggest import NamesKeywords

T_co = TypeVar("T_co", covariant=True)


class Sampler(NamesKeywords, Generic[T_co]):
    """Base of all samplers: a subclass defines `__iter__`, and `__len__` if it knows its length."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} has no `__iter__`: define it")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... in order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A random order, or with `replacement` independent draws; `num_samples` of them (default: all).

    Without `generator` a seed is drawn from the default generator at the first sample and the order from a
    fresh generator seeded by it. With `generator` the order is drawn from it, and once more when the samples
    are used up: PyTorch asks for the part of a permutation that fills up to `num_samples`, even when nothing
    is missing. TypeError if `replacement` is no bool; ValueError unless `num_samples` is positive.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            why = "" if num_samples is not None else ": the data set is empty"
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples}{why}"
            )

    @property
    def num_samples(self) -> int:
        """How many samples one pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator()
            generator.manual_seed(default_generator.random63())
        if self.replacement:
            for _ in range(self.num_samples // 32):  # PyTorch draws 32 at a time
                yield from generator.randint((32,), 0, n).tolist()
            yield from generator.randint((self.num_samples % 32,), 0, n).tolist()
        else:
            for _ in range(self.num_samples // n):
                yield from generator.randperm(n).tolist()
            yield from generator.randperm(n).tolist()[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order, drawn from `generator` (the default generator if None)."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in (self.generator or default_generator).randperm(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices of `weights` drawn in proportion to them, `num_samples` a pass; the weights need not sum to 1.

    Without `replacement` no index comes twice in a pass. Draws one `multinomial` of float64 weights from `generator`
    (the default generator if None). ValueError unless `num_samples` is a positive int, `replacement` a bool and
    `weights` one row of numbers.

    >>> list(WeightedRandomSampler([0.0, 2.0, 0.0], num_samples=4))
    [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = Tensor(np.array(weights, np.float64))
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        chosen = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from chosen.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices of another sampler; a shorter last one is left out if `drop_last`.

    ValueError unless `batch_size` is a positive int and `drop_last` a bool.

    >>> list(BatchSampler(SequentialSampler(range(5)), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]  # one without a length says so itself
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
