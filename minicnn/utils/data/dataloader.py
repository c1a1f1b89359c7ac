"""DataLoader: batches of a data set, in a sampler's order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

from minicnn.functional.generator import Generator, default_generator
from minicnn.misfit import telling
from minicnn.suggest import NamesKeywords
from minicnn.utils.data.collate import default_collate, default_convert, pinned_batch
from minicnn.utils.data.dataset import IterableDataset
from minicnn.utils.data.fetch import make_fetcher
from minicnn.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from minicnn.utils.data.worker import Job
from minicnn.utils.data.workers import ParallelIterator

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(NamesKeywords, Generic[T_co]):
    """Iterates over `dataset` in batches; every `iter(loader)` is one pass (an epoch).

    The arguments are PyTorch's. `batch_size=None` gives single samples; `shuffle` visits them in a new random
    order each time; `sampler` or `batch_sampler` sets the order instead; `drop_last` leaves out an incomplete
    last batch; `collate_fn` makes a batch of a list of samples (:func:`default_collate`). A data set with
    `get_batch` (see :class:`Dataset`) is asked for whole batches. `num_workers` processes load ahead,
    `prefetch_factor` (2) batches each; `persistent_workers` keeps them for the next pass; `worker_init_fn(k)`
    is called in worker k; `timeout` is how many seconds to wait for one. `pin_memory` puts the tensors of
    a batch in memory that a GPU can fetch by itself (where there is one), for `.to("cuda", non_blocking=True)`.
    `in_order` is accepted and changes nothing.

    Draws, which are PyTorch's: each `iter(loader)` takes one 63-bit base seed from `generator` (the default generator
    if None), shuffled or not; a shuffled pass then draws its order (:class:`RandomSampler`) at the first batch.
    Worker k seeds its random streams with base seed + k.

    ValueError for arguments that contradict each other or are out of range; AssertionError, when the pass begins,
    for a `timeout` without workers.

    >>> [batch.tolist() for batch in DataLoader(range(5), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    _ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            options = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
            for name, value in options.items():
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")

        if sampler is None:
            if self._iterable:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.drop_last = drop_last
        self.generator = generator
        self.num_workers = num_workers
        usual = default_convert if batch_sampler is None else default_collate
        self.collate_fn = usual if collate_fn is None else collate_fn
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.prefetch_factor = prefetch_factor if prefetch_factor is not None or not num_workers else 2
        self.persistent_workers = persistent_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self.multiprocessing_context = multiprocessing_context
        self._iterator: ParallelIterator | None = None  # kept for the next pass by persistent_workers
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized: make another")
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    @telling
    def __iter__(self) -> Iterator[Any]:
        iterator = self._loaded()
        return _Pinning(iterator) if self.pin_memory else iterator

    def _loaded(self) -> Iterator[Any]:
        """One pass, as it comes from the data set or from the workers."""
        indices = iter(self._index_sampler)
        if self._iterator is not None and not self._iterator.closed:
            # As in PyTorch, workers that go on need no new base seed, so none is drawn.
            self._iterator.reset(indices)
            return self._iterator
        base_seed = self._base_seed()
        batched = self.batch_sampler is not None
        if self.num_workers == 0:
            if self.timeout:
                raise AssertionError(
                    f"A DataLoader with num_workers=0 requires timeout == 0, got timeout={self.timeout}: nobody is "
                    "waited for; leave it out, or give workers"
                )
            fetch = make_fetcher(self.dataset, self.collate_fn, batched, self.drop_last)
            return _SerialIterator(indices, fetch)
        job = Job(
            self.dataset,
            self.collate_fn,
            batched,
            self.drop_last,
            self.worker_init_fn,
            self.num_workers,
            base_seed,
        )
        context = self.multiprocessing_context
        if isinstance(context, str):
            context = multiprocessing.get_context(context)
        iterator = ParallelIterator(job, indices, self.prefetch_factor or 1, self.timeout, context)
        if self.persistent_workers:
            self._iterator = iterator
        return iterator

    def _base_seed(self) -> int:
        """Drawn once a pass, whether a worker needs it or not."""
        return (default_generator if self.generator is None else self.generator).random63()

    def indices(self) -> Iterator[Any]:
        """One pass over the indices alone, with the random numbers of a whole one: each batch's list of them.

        For who makes the batches himself, where the data set is (`minicnn.training.resident`).
        """
        found = iter(self._index_sampler)
        self._base_seed()
        return found

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._index_sampler)
        samples = len(self.dataset)
        if self.batch_size is None:
            return samples
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)


class _SerialIterator:
    """One pass, loaded in this process."""

    def __init__(self, indices: Iterator[Any], fetch: Callable[[Any], Any]) -> None:
        self._indices = indices
        self._fetch = fetch

    def __iter__(self) -> _SerialIterator:
        return self

    def __next__(self) -> Any:
        return self._fetch(next(self._indices))


class _Pinning:
    """One pass, the tensors of every batch in memory that a GPU can fetch by itself."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches

    def __iter__(self) -> _Pinning:
        return self

    def __next__(self) -> Any:
        return pinned_batch(next(self._batches))


class _Endless:
    """Indices for a data set that needs none: the data set says when it is over."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any
) -> None:
    if num_workers < 0:
        raise ValueError(
            f"num_workers option should be non-negative, got {num_workers}; "
            "use num_workers=0 to disable multiprocessing."
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got {timeout}")
    if num_workers == 0:
        for name, value in (("prefetch_factor", prefetch_factor), ("multiprocessing_context", context)):
            if value is not None:
                raise ValueError(f"{name} option needs num_workers > 0, but got {name}={value!r}")
        if persistent_workers:
            raise ValueError("persistent_workers option needs num_workers > 0")
    elif prefetch_factor is not None and prefetch_factor < 1:
        raise ValueError(f"prefetch_factor option should be positive, got {prefetch_factor}")
    if isinstance(context, str) and context not in multiprocessing.get_all_start_methods():
        raise ValueError(
            f"multiprocessing_context option should specify a valid start method in "
            f"{multiprocessing.get_all_start_methods()}, but got multiprocessing_context={context!r}"
        )
    if context is not None and not isinstance(context, str | BaseContext):
        raise TypeError(
            f"multiprocessing_context option should be a context object or the name of a start method, got {context!r}"
        )
