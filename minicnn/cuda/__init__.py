"""torch.cuda's questions: is there a GPU, how many, what is it, wait for it; and its random seeds.

Where there is no GPU, what asks for one raises RuntimeError that says how to get it; what course files call
without asking first (seeds, `empty_cache`, `synchronize`) does nothing, as nothing has to be done.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from minicnn import backend
from minicnn.cuda import random as random
from minicnn.cuda.random import get_rng_state as get_rng_state
from minicnn.cuda.random import get_rng_state_all as get_rng_state_all
from minicnn.cuda.random import initial_seed as initial_seed
from minicnn.cuda.random import manual_seed as manual_seed
from minicnn.cuda.random import manual_seed_all as manual_seed_all
from minicnn.cuda.random import seed as seed
from minicnn.cuda.random import seed_all as seed_all
from minicnn.cuda.random import set_rng_state as set_rng_state
from minicnn.cuda.random import set_rng_state_all as set_rng_state_all
from minicnn.cuda.streams import Event as Event
from minicnn.cuda.streams import Stream as Stream
from minicnn.cuda.streams import StreamContext as StreamContext
from minicnn.cuda.streams import current_stream as current_stream
from minicnn.cuda.streams import default_stream as default_stream
from minicnn.cuda.streams import stream as stream
from minicnn.suggest import attribute_of as _attribute_of

is_initialized = backend.gpu_in_use


def init() -> None:
    """Begin to use the GPU; nothing where there is none, or where that has happened."""
    backend.has_gpu()


def synchronize(device: Any = None) -> None:
    """Wait until GPU `device` (the current one without it) has done all that was asked of it."""
    if is_initialized():
        with _on(device) as cupy:
            cupy.cuda.runtime.deviceSynchronize()


def is_available() -> bool:
    """Whether tensors can live on a GPU here."""
    return backend.has_gpu()


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no bfloat16 arithmetic on the GPU here."""
    return False


def device_count() -> int:
    """The number of usable GPUs."""
    if not backend.has_gpu():
        return 0
    import cupy

    return int(cupy.cuda.runtime.getDeviceCount())


def current_device() -> int:
    """The number of the GPU that `cuda` means; RuntimeError where there is none."""
    return int(_cupy("current_device").cuda.runtime.getDevice())


def set_device(device: Any) -> None:
    """Let `cuda` mean GPU `device` (a number or "cuda:1") from now on; RuntimeError where there is none."""
    place = backend.device(device)
    if backend.resolve(place).type == "cuda":
        _cupy("set_device").cuda.Device(place.index).use()


def get_device_name(device: Any = None) -> str:
    """What the GPU calls itself; RuntimeError where there is none."""
    return str(_properties(device, "get_device_name")["name"].decode())


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The GPU's compute capability, (major, minor); RuntimeError where there is none."""
    found = _properties(device, "get_device_capability")
    return int(found["major"]), int(found["minor"])


def get_device_properties(device: Any = None) -> Any:
    """What the GPU is: `name`, `major`, `minor`, `total_memory`, `multi_processor_count`; RuntimeError without one."""
    found = _properties(device, "get_device_properties")
    return SimpleNamespace(
        name=found["name"].decode(),
        major=int(found["major"]),
        minor=int(found["minor"]),
        total_memory=int(found["totalGlobalMem"]),
        multi_processor_count=int(found["multiProcessorCount"]),
    )


class device:
    """`with cuda.device(1):` GPU number 1 is what `cuda` means; None or a negative number changes nothing."""

    def __init__(self, device: Any) -> None:
        place = None if device is None else backend.device(device)
        self.idx = -1 if place is None or place.type == "cpu" else 0 if place.index is None else place.index
        self._context: Any = None

    def __enter__(self) -> None:
        if self.idx >= 0:
            self._context = backend.on_gpu(backend.device("cuda", self.idx))
            self._context.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._context is not None:
            self._context.__exit__(*error)


class device_of(device):
    """`with cuda.device_of(tensor):` the tensor's GPU is what `cuda` means; nothing for a tensor on the CPU."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.device if obj.is_cuda else None)


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """The free bytes of the GPU's memory, and all of it; RuntimeError without one."""
    _cupy("mem_get_info")
    with _on(device) as cupy:
        free, total = cupy.cuda.runtime.memGetInfo()
    return int(free), int(total)


def memory_allocated(device: Any = None) -> int:
    """The bytes of GPU memory that tensors hold."""
    return _bytes("used_bytes", device)


def memory_reserved(device: Any = None) -> int:
    """The bytes of GPU memory that are held, in use or not."""
    return _bytes("total_bytes", device)


def max_memory_allocated(device: Any = None) -> int:
    """The bytes of GPU memory that tensors held at most since the last `empty_cache` or `reset_peak_memory_stats`.

    CuPy's pool counts no peaks, but gives nothing back by itself: so this is what it holds, at most a little more.
    """
    return memory_reserved(device)


max_memory_reserved = max_memory_allocated


def reset_peak_memory_stats(device: Any = None) -> None:
    """Begin anew with `max_memory_allocated`: gives back what is held and not in use."""
    if is_initialized():
        with _on(device) as cupy:
            cupy.get_default_memory_pool().free_all_blocks()


def empty_cache() -> None:
    """Give back the GPU memory that is held and not in use."""
    reset_peak_memory_stats()


def ipc_collect() -> None:
    """Nothing to do: no process shares GPU memory with another here."""


def _cupy(name: str) -> Any:
    reason = backend.why_no_gpu()
    if reason is not None:
        raise RuntimeError(f"cuda.{name}(): {reason}")
    import cupy

    return cupy


def _properties(device: Any, name: str) -> Any:
    cupy = _cupy(name)
    index = None if device is None else backend.device(device).index
    return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice() if index is None else index)


def _on(device: Any) -> Any:
    """CuPy, with GPU `device` (None: the current one) as the current one."""
    return backend.on_gpu(backend.device("cuda" if device is None else device))


def _bytes(what: str, device: Any) -> int:
    """What CuPy's pool says; 0 where no GPU is in use."""
    if not is_initialized():
        return 0
    with _on(device) as cupy:
        return int(getattr(cupy.get_default_memory_pool(), what)())


if not TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__, ("amp",))
