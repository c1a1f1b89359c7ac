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
from minicnn.suggest import attribute_of as _attribute_of

is_initialized = backend.gpu_in_use
synchronize = backend.synchronize


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


def memory_allocated(device: Any = None) -> int:
    """The bytes of GPU memory that tensors hold."""
    return int(_pool().used_bytes()) if is_initialized() else 0


def memory_reserved(device: Any = None) -> int:
    """The bytes of GPU memory that are held, in use or not."""
    return int(_pool().total_bytes()) if is_initialized() else 0


def empty_cache() -> None:
    """Give back the GPU memory that is held and not in use."""
    if is_initialized():
        _pool().free_all_blocks()


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


def _pool() -> Any:
    return _cupy("memory").get_default_memory_pool()


if not TYPE_CHECKING:  # type checkers know the names
    __getattr__ = _attribute_of(__name__, ("amp",))
