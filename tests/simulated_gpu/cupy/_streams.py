"""Devices, streams, events and graphs. Work is done where it is asked for, except while a stream is capturing: then it
is written down, and done at each launch of the graph."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from . import _memory

DEVICES = int(os.environ.get("MINICNN_SIMULATED_GPUS", "1"))


class CUDARuntimeError(RuntimeError):
    """CUDA's refusal, with its number."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Here(threading.local):
    """What is current in this thread."""

    def __init__(self) -> None:
        self.device = 0
        self.streams: list[list[Stream]] = [[] for _ in range(DEVICES)]  # of each device, the current one last
        self.entered: list[int] = []  # the devices whose streams were made current
        self.pool: Any = None  # where memory comes from within `using_allocator`


here = _Here()


class Device:
    """A GPU. `with Device(1):` makes it the current one."""

    def __init__(self, device: Any = None) -> None:
        self.id = here.device if device is None else int(getattr(device, "id", device))
        self._before: list[int] = []

    def use(self) -> Device:
        if not 0 <= self.id < DEVICES:
            raise CUDARuntimeError(101, "cudaErrorInvalidDevice: invalid device ordinal")
        here.device = self.id
        return self

    def __enter__(self) -> Device:
        self._before.append(here.device)
        return self.use()

    def __exit__(self, *error: Any) -> None:
        here.device = self._before.pop()

    def synchronize(self) -> None:
        host_waits()

    @property
    def compute_capability(self) -> str:
        return "90"

    @property
    def mem_info(self) -> tuple[int, int]:
        return runtime.memGetInfo()

    @property
    def attributes(self) -> dict[str, int]:
        return {"MultiProcessorCount": 132, "MaxThreadsPerBlock": 1024, "WarpSize": 32}

    def __int__(self) -> int:
        return self.id

    def __index__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"


class Stream:
    """A queue of work. While it is capturing, `enqueue` writes down what is asked for."""

    null: Stream
    ptds: Stream

    def __init__(
        self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: Any = None
    ) -> None:
        self.is_non_blocking = non_blocking
        self.priority = priority
        self.device_id = -1 if null else here.device
        self.captured: list[Callable[[], None]] | None = None
        self.ptr = 0 if null else id(self)
        self._before: list[Stream] = []

    def __enter__(self) -> Stream:
        here.streams[self._its_device()].append(self)
        here.entered.append(here.device)
        return self

    def __exit__(self, *error: Any) -> None:
        here.streams[here.entered.pop()].pop()

    def use(self) -> Stream:
        here.streams[self._its_device()][:] = [self]
        return self

    def _its_device(self) -> int:
        if self.device_id not in (-1, here.device):
            raise RuntimeError(
                f"The device that the stream is created on ({self.device_id}) does not match with the current device "
                f"({here.device})"
            )
        return here.device

    @property
    def done(self) -> bool:
        return True

    def synchronize(self) -> None:
        if self.captured is not None:
            refuse("synchronize")
        host_waits()

    def is_capturing(self) -> bool:
        return self.captured is not None

    def begin_capture(self, mode: Any = None) -> None:
        if self.ptr == 0:
            raise CUDARuntimeError(901, "cudaErrorStreamCaptureImplicit: the legacy stream cannot be captured")
        if self.captured is not None:
            raise CUDARuntimeError(901, "cudaErrorIllegalState: the stream is capturing already")
        self.captured = []

    def end_capture(self) -> Graph:
        if self.captured is None:
            raise RuntimeError("the stream is not capturing")
        captured, self.captured = self.captured, None
        return Graph(captured)

    def record(self, event: Any = None) -> Event:
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Any) -> None:
        """Work is done in the order in which it is asked for, so there is nothing to wait for."""

    def launch_host_func(self, callback: Callable[[Any], None], arg: Any) -> None:
        enqueue(lambda: callback(arg), self)

    def __repr__(self) -> str:
        return f"<Stream {self.ptr} (device {self.device_id})>"


Stream.null = Stream(null=True)
Stream.ptds = Stream(null=True)


class ExternalStream(Stream):
    """A stream that somebody else made."""

    def __init__(self, ptr: int, device_id: int = -1) -> None:
        super().__init__()
        self.ptr = ptr


def get_current_stream(device_id: int = -1) -> Stream:
    """The stream that work of a device goes to."""
    streams = here.streams[here.device if device_id == -1 else device_id]
    return streams[-1] if streams else Stream.null


class Event:
    """A point in time."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.time: float | None = None
        self.timed = not disable_timing
        self.ptr = id(self)

    @property
    def done(self) -> bool:
        return True

    def record(self, stream: Any = None) -> None:
        self.time = time.perf_counter()

    def synchronize(self) -> None:
        host_waits()


def get_elapsed_time(start: Event, end: Event) -> float:
    """Milliseconds between two events."""
    if start.time is None or end.time is None or not (start.timed and end.timed):
        raise CUDARuntimeError(400, "cudaErrorInvalidResourceHandle: invalid resource handle")
    return (end.time - start.time) * 1e3


class Graph:
    """What a capture wrote down. Its launch does it."""

    def __init__(self, captured: list[Callable[[], None]]) -> None:
        self.captured = captured
        self.graph = self.graphExec = id(self)

    def launch(self, stream: Any = None) -> None:
        for work in self.captured:
            enqueue(work, stream)

    def upload(self, stream: Any = None) -> None:
        """Nothing has to be moved here."""


_fetches: list[Callable[[], None]] = []


def fetch(work: Callable[[], None]) -> None:
    """Do `work`, a copy from page-locked memory, as late as a GPU may: right before what is asked of it next."""
    _fetches.append(work)


def catch_up() -> None:
    """Do the copies that were put off."""
    while _fetches:
        _fetches.pop(0)()


def enqueue(work: Callable[[], None], stream: Any = None) -> None:
    """Do `work`, or write it down where the (current) stream is capturing."""
    catch_up()
    stream = get_current_stream() if stream is None else stream
    if stream.captured is not None:
        stream.captured.append(work)
    else:
        work()


def capturing() -> bool:
    """Whether the current stream writes down what is asked for."""
    return get_current_stream().captured is not None


def host_waits() -> None:
    """The host needs a result: impossible while this thread captures."""
    if any(stream.captured is not None for streams in here.streams for stream in streams):
        refuse("a synchronous call (the host reads, writes or waits)")
    catch_up()


def refuse(what: str) -> None:
    raise CUDARuntimeError(
        900, f"cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing: {what}"
    )


class _Runtime:
    """cupy.cuda.runtime: CUDA's functions by their names, as far as minicnn uses them."""

    CUDARuntimeError = CUDARuntimeError
    streamCaptureModeGlobal = 0
    streamCaptureModeThreadLocal = 1
    streamCaptureModeRelaxed = 2
    memcpyHostToDevice = 1
    memcpyDeviceToHost = 2
    memcpyDeviceToDevice = 3
    is_hip = False

    @staticmethod
    def getDeviceCount() -> int:
        return DEVICES

    @staticmethod
    def getDevice() -> int:
        return here.device

    @staticmethod
    def setDevice(device: int) -> None:
        Device(device).use()

    @staticmethod
    def memGetInfo() -> tuple[int, int]:
        total = 1 << 36
        return total - _memory.default_pool(here.device).total_bytes(), total

    @staticmethod
    def getDeviceProperties(device: int) -> dict[str, Any]:
        return {
            "name": b"Simulated GPU", "major": 9, "minor": 0, "totalGlobalMem": 1 << 36, "multiProcessorCount": 132,
            "warpSize": 32, "sharedMemPerBlock": 49152, "maxThreadsPerBlock": 1024,
        }  # fmt: skip

    @staticmethod
    def driverGetVersion() -> int:
        return 13000

    @staticmethod
    def runtimeGetVersion() -> int:
        return 13000

    @staticmethod
    def deviceSynchronize() -> None:
        host_waits()

    @staticmethod
    def streamSynchronize(ptr: int) -> None:
        host_waits()


runtime = _Runtime()
