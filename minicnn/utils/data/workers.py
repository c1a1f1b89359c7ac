"""Loading batches in worker processes, as `DataLoader(num_workers=...)` asks.

Worker k takes batches k, k + W, k + 2W, ... and draws from streams of its own, seeded by base_seed + k, so
the batches do not depend on which worker is quicker. Every worker has a pipe: indices go in, batches come
out, in order.

Workers are fresh processes ("spawn"): a child forked while OpenMP threads exist is killed at its first
parallel loop. The price is that the data set has to be pickled. What cannot be sent to another process (a
lambda among the transforms, a class written in a notebook) is loaded in this one by a :class:`LocalWorker`,
which gives the same batches.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import types
import weakref
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from minicnn.utils.data.worker import Answer, Job, LocalWorker, Worker

_STOP, _RESTART = "stop", "restart"  # tasks that are no ("fetch", index)


class ProcessWorker:
    """A worker in another process."""

    def __init__(self, packed_job: bytes, number: int, context: Any) -> None:
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, packed_job, number), daemon=True)
        with contextlib.nullcontext() if b"__main__" in packed_job else _no_main_module():
            self._process.start()
        theirs.close()  # so that the pipe ends when the worker does

    def ask(self, index: Any) -> None:
        """Order the batch at `index`."""
        self._send(("fetch", index))

    def restart(self) -> None:
        """Begin another pass over the data set."""
        self._send(_RESTART)

    def _send(self, task: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # the worker is dead: `answer` will say so
            self._pipe.send(task)

    def answer(self, timeout: float) -> Answer:
        """What became of the oldest order. RuntimeError after `timeout` seconds (0: never) or a death."""
        if timeout and not self._pipe.poll(timeout):
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds (`timeout`)")
        try:
            answer: Answer = pickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError):
            self._process.join()
            raise RuntimeError(
                f"DataLoader worker (pid {self._process.pid}) exited unexpectedly with exit code "
                f"{self._process.exitcode}. What it said stands above; num_workers=0 shows the cause here"
            ) from None
        return answer

    def close(self) -> None:
        """Tell the process to end, by ending the pipe."""
        self._pipe.close()

    def join(self) -> None:
        """Wait for the process to end; one that is busy with a batch nobody wants is ended."""
        self._process.join(timeout=1)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def _serve(pipe: Connection, packed_job: bytes, number: int) -> None:
    """What a worker process does: answer tasks until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which then ends us
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # The pipe is emptied at once: with both sides writing to full pipes, both would wait forever.
    threading.Thread(target=_listen, args=(pipe, tasks), daemon=True).start()
    worker = Worker(packed_job, number)
    while (task := tasks.get()) != _STOP:
        if task == _RESTART:
            worker.restart()
            continue
        answer = worker.answer(task[1])
        try:
            packed = pickle.dumps(answer, protocol=5)
        except Exception as error:
            text = f"DataLoader worker process {number} cannot send its {answer[0]} back: {error}"
            packed = pickle.dumps(("error", (RuntimeError, text)))
        try:
            pipe.send_bytes(packed)
        except OSError:  # nobody wants it any more
            break


def _listen(pipe: Connection, tasks: queue.SimpleQueue[Any]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(pipe.recv())
    tasks.put(_STOP)


class ParallelIterator:
    """One pass over a data set by workers; `reset` begins the next one with the same workers."""

    def __init__(self, job: Job, indices: Iterator[Any], prefetch_factor: int, timeout: float, context: Any) -> None:
        self._timeout = timeout
        self._ahead = prefetch_factor * job.num_workers
        self._workers = _start_workers(job, context)
        self._close = weakref.finalize(self, _close_all, self._workers)
        self._begin(indices)

    def _begin(self, indices: Iterator[Any]) -> None:
        self._indices = indices
        self._active = deque(self._workers)  # the first one gets the next batch
        self._due: deque[Any] = deque()  # the workers that owe a batch, in the order of the batches
        for _ in range(self._ahead):
            self._ask()

    def _ask(self) -> None:
        if self._active:
            with contextlib.suppress(StopIteration):
                index = next(self._indices)
                self._active[0].ask(index)
                self._due.append(self._active[0])
                self._active.rotate(-1)

    def reset(self, indices: Iterator[Any]) -> None:
        """Begin another pass; what is left of this one is thrown away."""
        while self._due:
            self._due.popleft().answer(self._timeout)
        for worker in self._workers:
            worker.restart()
        self._begin(indices)

    def close(self) -> None:
        """End the workers."""
        self._due.clear()
        self._close()

    @property
    def closed(self) -> bool:
        """Whether the workers have been ended; an error of theirs does that too."""
        return not self._close.alive

    def __iter__(self) -> ParallelIterator:
        return self

    def __next__(self) -> Any:
        while self._due:
            worker = self._due.popleft()
            try:
                kind, value = worker.answer(self._timeout)
            except BaseException:
                self.close()
                raise
            if kind == "end":
                if worker in self._active:
                    self._active.remove(worker)
                    self._ask()
                continue
            self._ask()
            if kind == "error":
                _raise_again(*value)
            return value
        raise StopIteration


def _start_workers(job: Job, context: Any) -> list[Any]:
    numbers = range(job.num_workers)
    try:
        packed = pickle.dumps(job, protocol=5)
        why_not = _why_main_cannot_be_imported() if b"__main__" in packed else None
    except Exception as error:  # PicklingError, AttributeError, TypeError and what objects raise
        why_not = str(error)
    if why_not is None:
        context = context or multiprocessing.get_context("spawn")
        return [ProcessWorker(packed, number, context) for number in numbers]
    _say_once(
        f"minicnn: DataLoader(num_workers={job.num_workers}): the data set cannot be sent to other processes "
        f"({why_not}). It is loaded in this one; the batches are the same."
    )
    return [LocalWorker(job, number) for number in numbers]


def _why_main_cannot_be_imported() -> str | None:
    """None if a new process can find the classes of the main script by importing it."""
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is not None:  # python -m
        return None
    script = getattr(main, "__file__", None)
    if script is None or not os.path.isfile(script):
        return "it uses names of a session that has no file to import"
    if "__name__" not in Path(script).read_text(encoding="utf-8", errors="replace"):
        return f"it uses names of {script}, which has no `if __name__ == '__main__':` and would run again"
    return None


@contextlib.contextmanager
def _no_main_module() -> Iterator[None]:
    """Keep `multiprocessing` from running the main script in a process that needs nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")  # without a file, so there is nothing to run
    try:
        yield
    finally:
        sys.modules["__main__"] = main


_said: set[str] = set()


def _say_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        print(text, file=sys.stderr)


def _close_all(workers: list[Any]) -> None:
    for worker in workers:
        worker.close()
    for worker in workers:
        worker.join()


class _Lines(str):
    """A text that KeyError, which shows the repr of its argument, shows as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def _raise_again(kind: type[Exception], text: str) -> None:
    try:
        error = kind(_Lines(text) if issubclass(kind, KeyError) else text)
    except Exception:  # a class that wants other arguments
        error = RuntimeError(text)
    raise error
