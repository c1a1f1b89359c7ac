"""Fetchers: from what a sampler gives to a finished batch. The same in this process and in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minicnn.utils.data.collate import default_collate, read_batch, read_samples
from minicnn.utils.data.dataset import IterableDataset

Collate = Callable[[Any], Any]
Fetch = Callable[[Any], Any]


def make_fetcher(dataset: Any, collate_fn: Collate, batched: bool, drop_last: bool) -> Fetch:
    """The fetcher for this kind of data set: call it with an index, or if `batched` with a list of them."""
    if isinstance(dataset, IterableDataset):
        return IterableFetcher(dataset, collate_fn, batched, drop_last)
    return MapFetcher(dataset, collate_fn, batched)


class MapFetcher:
    """Makes batches of a data set that has `dataset[i]`."""

    def __init__(self, dataset: Any, collate_fn: Collate, batched: bool) -> None:
        self.dataset, self.collate_fn, self.batched = dataset, collate_fn, batched

    def __call__(self, index: Any) -> Any:
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if self.collate_fn is default_collate:
            return read_batch(self.dataset, index)
        return self.collate_fn(read_samples(self.dataset, index))


class IterableFetcher:
    """Makes batches of a data set that only iterates; an index says no more than how many samples are wanted.

    StopIteration when there are no more.
    """

    def __init__(self, dataset: Any, collate_fn: Collate, batched: bool, drop_last: bool) -> None:
        self.samples: Iterator[Any] = iter(dataset)
        self.collate_fn, self.batched, self.drop_last, self.ended = collate_fn, batched, drop_last, False

    def __call__(self, index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = [sample for _, sample in zip(index, self.samples, strict=False)]
        self.ended = len(batch) < len(index)
        if not batch or (self.ended and self.drop_last):
            raise StopIteration
        return self.collate_fn(batch)
