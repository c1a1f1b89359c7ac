"""What one worker of a DataLoader does, and a worker that does it in the process it was made in."""

from __future__ import annotations

import pickle
import random
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.functional.generator import default_generator
from minicnn.utils.data.fetch import Collate, Fetch, IterableFetcher, make_fetcher

Answer = tuple[str, Any]  # ("batch", it), ("end", None) or ("error", (exception class, text))


@dataclass(frozen=True)
class Job:
    """All that a worker has to know."""

    dataset: Any
    collate_fn: Collate
    batched: bool
    drop_last: bool
    worker_init_fn: Callable[[int], object] | None
    num_workers: int
    base_seed: int


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself: its number, how many there are, its seed, its data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Within a worker, who it is; None in the main process. An IterableDataset divides its work by it."""
    return _info


class Worker:
    """The work itself. It begins with the first task, so that an early error has an answer to travel in."""

    def __init__(self, job: Job | bytes, number: int) -> None:
        self._job = job
        self._number = number
        self._fetch: Fetch | None = None

    def _start(self) -> Fetch:
        global _info
        job = self._job = pickle.loads(self._job) if isinstance(self._job, bytes) else self._job
        seed = job.base_seed + self._number
        random.seed(seed)
        default_generator.manual_seed(seed)
        # PyTorch seeds NumPy by the hash that NumPy's own SeedSequence computes.
        entropy = [self._number, job.base_seed & 0xFFFFFFFF, job.base_seed >> 32, 0]
        np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
        _info = WorkerInfo(self._number, job.num_workers, seed, job.dataset)
        if job.worker_init_fn is not None:
            job.worker_init_fn(self._number)
        return self._new_fetcher()

    def _new_fetcher(self) -> Fetch:
        job = self._job
        assert isinstance(job, Job)
        self._fetch = make_fetcher(job.dataset, job.collate_fn, job.batched, job.drop_last)
        return self._fetch

    def restart(self) -> None:
        """Begin another pass over the data set; the random streams go on."""
        if self._fetch is not None:
            self._new_fetcher()

    def answer(self, index: Any) -> Answer:
        """The batch at `index`, or what happened instead."""
        try:
            fetch = self._fetch or self._start()
            return "batch", fetch(index)
        except Exception as error:
            if isinstance(error, StopIteration) and isinstance(self._fetch, IterableFetcher):
                return "end", None
            text = f"Caught {type(error).__name__} in DataLoader worker process {self._number}."
            return "error", (type(error), f"{text}\nOriginal {traceback.format_exc()}")


class LocalWorker:
    """A worker that works in this process when it is asked for an answer, with its own random streams."""

    def __init__(self, job: Job, number: int) -> None:
        self._worker = Worker(job, number)
        self._asked: deque[Any] = deque()
        self._streams: tuple[Any, ...] | None = None

    def ask(self, index: Any) -> None:
        """Order the batch at `index`."""
        self._asked.append(index)

    def restart(self) -> None:
        """Begin another pass over the data set."""
        self._worker.restart()

    def answer(self, timeout: float) -> Answer:
        """What became of the oldest order; `timeout` cannot be kept."""
        ours = _streams()
        if self._streams is not None:
            _set_streams(self._streams)
        try:
            return self._worker.answer(self._asked.popleft())
        finally:
            self._streams = _streams()
            _set_streams(ours)

    def close(self) -> None:
        """Nothing to end."""

    def join(self) -> None:
        """Nothing to wait for."""


def _streams() -> tuple[Any, ...]:
    return random.getstate(), np.random.get_state(), default_generator.state(), _info


def _set_streams(streams: tuple[Any, ...]) -> None:
    global _info
    random.setstate(streams[0])
    np.random.set_state(streams[1])
    default_generator.set_state(streams[2])
    _info = streams[3]
