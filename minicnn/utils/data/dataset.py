"""Data sets: things with samples."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import Generator, default_generator
from minicnn.misfit import telling
from minicnn.suggest import NamesKeywords
from minicnn.utils.data.collate import read_batch, read_samples

T_co = TypeVar("T_co", covariant=True)


class Dataset(NamesKeywords, Generic[T_co]):
    """Samples by number: a subclass defines `__getitem__(index)` and `__len__()`.

    It may also define `get_batch(indices)`: given an int64 array of N indices it returns the finished batch,
    a Tensor or a tuple of Tensors whose first axis is N. DataLoader calls it instead of N times `__getitem__`
    and `default_collate`, when `collate_fn` is left at its default; it must return just what these would.

    >>> class Squares(Dataset[int]):
    ...     def __len__(self): return 10
    ...     def __getitem__(self, index): return index * index
    >>> Squares()[3]
    9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} has no `__getitem__`: define it")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples one after another, of which the next only is to be had: a subclass defines `__iter__`.

    With `num_workers` every worker iterates over a copy of its own: use `get_worker_info()` to divide the
    work.
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} has no `__iter__`: define it")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is row i of each tensor. AssertionError unless all have the same first length, as in PyTorch.

    >>> from minicnn.functional import tensor
    >>> TensorDataset(tensor([[1.0], [2.0]]), tensor([3, 4]))[1]
    (tensor([2.]), tensor(4))
    """

    def __init__(self, *tensors: Tensor) -> None:
        for t in tensors:
            if not isinstance(t, Tensor):
                raise TypeError(f"`tensors` must be Tensors, got {type(t).__name__}; make one with tensor(data)")
        if any(len(t) != len(tensors[0]) for t in tensors):
            raise AssertionError(f"Size mismatch between tensors: their first lengths are {[len(t) for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def get_batch(self, indices: NDArray[np.int64]) -> tuple[Tensor, ...]:
        """The rows `indices` of each tensor, copied: shapes (N, ...)."""
        return tuple(t[indices] for t in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`, in their order.

    NotImplementedError for a subclass that redefines `__getitem__` and not `__getitems__`, which DataLoader asks.

    >>> Subset("abcdef", [4, 1])[0]
    'e'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__, which DataLoader asks for its samples. "
                "Add:\n\ndef __getitems__(self, indices):\n    return [self.__getitem__(i) for i in indices]"
            )

    @telling
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def get_batch(self, indices: Sequence[int] | NDArray[np.int64]) -> Any:
        """The batch of the data set below, in one go where that can do it."""
        return read_batch(self.dataset, [self.indices[i] for i in indices])

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        return read_samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other. AssertionError if there is none or one of them only iterates.

    >>> ConcatDataset(["ab", "cde"])[3]
    'd'
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("`datasets` should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < -len(self):
            raise ValueError(f"absolute value of index should not exceed dataset length: {index}, length {len(self)}")
        if index >= len(self):
            raise IndexError(f"`index` is {index}, expected {-len(self)} ... {len(self) - 1}")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        start = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - start]


class StackDataset(Dataset[Any]):
    """Data sets side by side: sample i is the tuple of their samples i, or a dict if they are given by name.

    ValueError if their lengths differ, for both kinds of arguments at once, and for none.

    >>> StackDataset("ab", [1, 2])[1]
    ('b', 2)
    >>> StackDataset(letter="ab", number=[1, 2])[1]
    {'letter': 'b', 'number': 2}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("Give the data sets as arguments (samples are tuples) or by name (dicts), not both ways")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._all()]
        if not lengths:
            raise ValueError("At least one dataset should be passed")
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]

    def _all(self) -> list[Any]:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _sample(self, parts: Sequence[Any]) -> Any:
        return dict(zip(self.datasets, parts, strict=True)) if isinstance(self.datasets, dict) else tuple(parts)

    def __getitem__(self, index: Any) -> Any:
        return self._sample([dataset[index] for dataset in self._all()])

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        columns = [read_samples(dataset, indices) for dataset in self._all()]
        for column in columns:
            if len(column) != len(indices):
                raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(column)}")
        return [self._sample(parts) for parts in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ChainDataset(IterableDataset[Any]):
    """Data sets that only iterate, one after the other. AssertionError, when it comes to one, for another kind."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(f"ChainDataset only supports IterableDataset, got {type(dataset).__name__}")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


@telling
def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[Any]]:
    """Divide a data set at random into parts of the given lengths, or fractions that sum to 1.

    Fractions are rounded down and what is left over is dealt out one by one from the first part on. One
    randperm is drawn from `generator`. ValueError if the lengths do not sum to the data set's, or a fraction
    is not in 0 ... 1.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    counts = list(lengths)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1: `lengths` is {list(lengths)}")
        counts = [math.floor(total * fraction) for fraction in lengths]
        for i in range(int(total - sum(counts))):
            counts[i % len(counts)] += 1
        for i, count in enumerate(counts):
            if count == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3
                )
    if sum(counts) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"`lengths` {list(lengths)} sum to {sum(counts)}, the dataset has {total} samples"
        )
    order = (generator or default_generator).randperm(total).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[int(end - count) : int(end)]) for end, count in zip(ends, counts, strict=True)]
