"""torch.cuda's streams and events: queues of work on the GPU, and points in them.

What is asked of a GPU stands in a queue (a stream) and is done in that order, while Python goes on. Work of one stream
knows nothing of another's: an event says where one has to wait for the other. Everything here goes to the current
stream, which is CuPy's, so CuPy's own streams and these can be mixed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from minicnn import backend


def _cupy(name: str) -> Any:
    reason = backend.why_no_gpu()
    if reason is not None:
        raise RuntimeError(f"cuda.{name}(): {reason}")
    import cupy

    return cupy


class Stream:
    """A queue of work on GPU `device` (the current one without it). `with cuda.stream(s):` sends work there.

    `priority` is accepted. RuntimeError where there is no GPU.
    """

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        cupy = _cupy("Stream")
        place = backend.device("cuda" if device is None else device)
        with backend.on_gpu(place):
            self._stream = cupy.cuda.Stream(non_blocking=True)
            self.device = backend.device("cuda", backend.current_gpu())
        self._entered: list[ExitStack] = []

    @property
    def cuda_stream(self) -> int:
        """CUDA's handle of the stream."""
        return int(self._stream.ptr)

    def synchronize(self) -> None:
        """Wait until all that was asked of this stream is done."""
        self._stream.synchronize()

    def query(self) -> bool:
        """Whether all that was asked of this stream is done."""
        return bool(self._stream.done)

    def record_event(self, event: Event | None = None) -> Event:
        """Put `event` (a new one without it) behind what was asked so far, and return it."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Do what is asked from now on after `event`."""
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Do what is asked from now on after all that was asked of `stream` so far."""
        self.wait_event(stream.record_event())

    def __enter__(self) -> Stream:
        with ExitStack() as entering:  # its GPU becomes the current one: there CuPy has its streams
            entering.enter_context(backend.on_gpu(self.device))
            entering.enter_context(self._stream)
            self._entered.append(entering.pop_all())
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and other.cuda_stream == self.cuda_stream

    def __hash__(self) -> int:
        return hash(self.cuda_stream)

    def __repr__(self) -> str:
        return f"<minicnn.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


def _wrapping(stream: Any) -> Stream:
    """CuPy's stream as one of ours."""
    result = object.__new__(Stream)
    result._stream, result.device, result._entered = stream, backend.device("cuda", backend.current_gpu()), []
    return result


def current_stream(device: Any = None) -> Stream:
    """The stream that work of GPU `device` (the current one without it) goes to now."""
    _cupy("current_stream")
    with backend.on_gpu(backend.device("cuda" if device is None else device)) as cupy:
        return _wrapping(cupy.cuda.get_current_stream())


def default_stream(device: Any = None) -> Stream:
    """The stream that work of GPU `device` (the current one without it) goes to outside `with cuda.stream(...)`."""
    _cupy("default_stream")
    with backend.on_gpu(backend.device("cuda" if device is None else device)) as cupy:
        return _wrapping(cupy.cuda.Stream.null)


class StreamContext:
    """`with cuda.stream(s):` work goes to stream `s`; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.stream.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self.stream is not None:
            self.stream.__exit__(*error)


stream = StreamContext


class Event:
    """A point in the work of a stream: to wait for, or to take the time.

    `enable_timing` allows `elapsed_time`; `blocking` lets the waiting thread sleep. RuntimeError where there is no GPU.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        cupy = _cupy("Event")
        self._cupy, self.enable_timing = cupy, enable_timing
        self._event = cupy.cuda.Event(block=blocking, disable_timing=not enable_timing)
        self._is_recorded = False

    def record(self, stream: Stream | None = None) -> None:
        """Stand behind what was asked of `stream` (the current one without it) so far."""
        self._event.record(self._cupy.cuda.get_current_stream() if stream is None else stream._stream)
        self._is_recorded = True

    def wait(self, stream: Stream | None = None) -> None:
        """Let `stream` (the current one without it) do what is asked from now on after this event."""
        waiting = self._cupy.cuda.get_current_stream() if stream is None else stream._stream
        if self._is_recorded:
            waiting.wait_event(self._event)

    def query(self) -> bool:
        """Whether everything before this event is done; True of one that was never recorded."""
        return not self._is_recorded or bool(self._event.done)

    def synchronize(self) -> None:
        """Wait until everything before this event is done."""
        if self._is_recorded:
            self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to `end_event`, which it waits for, as PyTorch does not.

        ValueError for an event that takes no time or that was not recorded.
        """
        if not (self.enable_timing and end_event.enable_timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if not (self._is_recorded and end_event._is_recorded):
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        end_event.synchronize()
        return float(self._cupy.cuda.get_elapsed_time(self._event, end_event._event))

    def __repr__(self) -> str:
        return f"<minicnn.cuda.Event {'recorded' if self._is_recorded else 'uninitialized'}>"
