"""cupy.cuda, as far as minicnn uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .._memory import MemoryPointer as MemoryPointer
from .._memory import MemoryPool as MemoryPool
from .._memory import alloc_pinned_memory as alloc_pinned_memory
from .._memory import allocating
from .._raw import RawKernel as Function
from .._streams import Device as Device
from .._streams import Event as Event
from .._streams import ExternalStream as ExternalStream
from .._streams import Graph as Graph
from .._streams import Stream as Stream
from .._streams import get_current_stream as get_current_stream
from .._streams import get_elapsed_time as get_elapsed_time
from .._streams import here
from .._streams import runtime as runtime

__all__ = ["Function"]


def alloc(size: int) -> MemoryPointer:
    return allocating(here.device).malloc(size)


@contextmanager
def using_allocator(allocator: Callable[[int], MemoryPointer]) -> Iterator[None]:
    """In this thread memory comes from the pool whose `malloc` this is."""
    before, here.pool = here.pool, allocator.__self__  # type: ignore[attr-defined]
    try:
        yield
    finally:
        here.pool = before


def get_device_id() -> int:
    return here.device


def is_available() -> bool:
    return True


def __getattr__(name: str) -> Any:
    raise AttributeError(f"the stand-in for cupy.cuda has no {name!r} (tests/simulated_gpu/cupy/cuda)")
