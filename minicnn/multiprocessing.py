"""torch.multiprocessing: the standard library's, in which tensors after `share_memory_()` are shared, not copied."""

from __future__ import annotations

import multiprocessing as _multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403  the same names, as PyTorch has them
from typing import Any


def get_all_sharing_strategies() -> set[str]:
    """The one way there is."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """How memory is shared: by files that are mapped."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted, as far as it is the one there is, or PyTorch's default; AssertionError for others."""
    assert new_strategy in ("file_system", "file_descriptor"), f"`new_strategy` is {new_strategy!r}"


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> list[Any] | None:
    """Run `fn(i, *args)` in processes i = 0 … nprocs - 1; the processes, or None after they have ended (`join`).

    RuntimeError if one of them failed.
    """
    context: Any = _multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = [i for i, process in enumerate(processes) if process.exitcode]
    if failed:
        raise RuntimeError(f"process {failed[0]} terminated with exit code {processes[failed[0]].exitcode}")
    return None
