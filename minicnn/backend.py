"""Devices: which array module an array belongs to, moving arrays, waiting for them, threads.

The CPU holds NumPy arrays, the GPU CuPy arrays. CuPy is imported when somebody asks for the GPU,
never by `import minicnn`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import ModuleType
from typing import Any, cast

import numpy as np

from minicnn.kernels import threads
from minicnn.kernels.recorder import recorder
from minicnn.pinned import is_pinned

Array = Any  # numpy.ndarray, or cupy.ndarray on the GPU

get_num_threads = threads.get_num_threads
set_num_threads = threads.set_num_threads


class device:
    """Where a tensor lives: `device("cpu")`, `device("cuda")`, `device("cuda:1")`, `device("cuda", 1)`.

    `with device("cuda"):` makes new tensors there.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        self.type: str
        self.index: int | None
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
        elif isinstance(type, int):
            self.type, self.index = "cuda", type
        else:
            self.type, colon, number = type.partition(":")
            if colon and (not number.isdigit() or index is not None):
                raise RuntimeError(f"`device` {type} is not of the form cuda:INDEX")
            self.index = int(number) if colon else index
        if self.type not in ("cpu", "cuda"):
            raise RuntimeError(f"`device` is {type!r}; expected cpu or cuda (cuda:0, cuda:1, …)")

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        _defaults.set((*_defaults.get(), resolve(self)))
        return self

    def __exit__(self, *error: Any) -> None:
        _defaults.set(_defaults.get()[:-1])


CPU = device("cpu")

# where new tensors are made: the last one; `set_default_device` changes the first, `with device(...)` adds one
_defaults: ContextVar[tuple[device, ...]] = ContextVar("minicnn_default_device", default=(CPU,))


def default_device() -> device:
    """Where new tensors are made."""
    return _defaults.get()[-1]


def set_default_device(place: device | str | int | None) -> None:
    """Make new tensors on `place` from now on, outside `with device(...)`; None is the CPU."""
    _defaults.set((CPU if place is None else resolve(place), *_defaults.get()[1:]))


# What `cuda` means, set by `python -m minicnn.run`: "cpu" the CPU, "auto" the CPU where there is no GPU. Anything
# else, or nothing: a GPU, and an error where there is none.
VARIABLE = "MINICNN_DEVICE"


def stays_on_cpu() -> bool:
    """Whether `.cuda()` and `.to("cuda")` mean the CPU in this process."""
    wanted = os.environ.get(VARIABLE)
    return wanted == "cpu" or (wanted == "auto" and _what_a_gpu_lacks() is not None)


def resolve(place: device | str | int) -> device:
    """The device that `place` stands for: itself, or the CPU where cuda is to mean that (said once on stderr)."""
    place = device(place)
    if place.type == "cuda" and stays_on_cpu():
        _say_that_cuda_is_the_cpu()
        return CPU
    return place


@lru_cache(maxsize=1)
def _say_that_cuda_is_the_cpu() -> None:
    why = f"{VARIABLE}=cpu" if os.environ.get(VARIABLE) == "cpu" else "no GPU"
    print(f"minicnn: what the script sends to cuda stays on the CPU here ({why}).", file=sys.stderr)


def why_no_gpu() -> str | None:
    """None where a GPU can be used, else the sentence that says what is missing and how to get it."""
    if os.environ.get(VARIABLE) == "cpu":
        return f"{VARIABLE}=cpu keeps everything on the CPU"
    return _what_a_gpu_lacks()


@lru_cache(maxsize=1)
def _what_a_gpu_lacks() -> str | None:
    if importlib.util.find_spec("cupy") is None:
        return (
            "no CuPy is installed, so there is no `cuda` device: "
            "pip install 'minicnn[cuda13]' (or 'minicnn[cuda12]' for a CUDA 12 driver)"
        )
    import cupy

    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return (
            f"CuPy is installed, but CUDA found no usable GPU ({error}); "
            "`nvidia-smi` tells whether there is a driver, and for which CUDA"
        )
    return None if count else "CuPy is installed, but this machine has no NVIDIA GPU"


def has_gpu() -> bool:
    """Whether tensors can live on a GPU here."""
    return why_no_gpu() is None


def gpu_in_use() -> bool:
    """Whether this process has begun to use a GPU."""
    return "cupy" in sys.modules and has_gpu()


def array_module(array: Array) -> ModuleType:
    """numpy for a NumPy array or scalar, cupy for a CuPy array."""
    cupy = sys.modules.get("cupy")
    return cupy if cupy is not None and isinstance(array, cupy.ndarray) else np


def as_array(value: Any) -> Array:
    """NumPy's scalars, which its 0-d arrays turn into, as 0-d arrays again; arrays as they are."""
    return np.asarray(value) if isinstance(value, np.generic) else value


def on_cpu(array: Array) -> bool:
    """Whether the numbers can be looked at without waiting for a GPU."""
    return isinstance(array, np.ndarray | np.generic)


def device_of(array: Array) -> device:
    """The device that holds `array`."""
    return CPU if on_cpu(array) else device("cuda", array.device.id)


def memory_of(array: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], int] | None:
    """The memory that `array` lies in, as bytes, and the place of its first byte there.

    Arrays that are views of one array share it. None where the memory is no line of numbers (a view that NumPy's
    as_strided made of nothing that is known).

    >>> whole = np.arange(6, dtype=np.int8)
    >>> memory_of(whole.reshape(2, 3)[1])
    (array([0, 1, 2, 3, 4, 5], dtype=uint8), 3)
    """
    whole, base = array, cast(Any, array)
    while base is not None:
        if isinstance(base, np.ndarray):
            whole = base
        base = getattr(base, "base", None)  # of as_strided's views, what they were made from
    line = whole.ravel(order="K").view(np.uint8)
    place = array.ctypes.data - line.ctypes.data
    is_view = np.may_share_memory(line, whole)
    return (line, place) if is_view and 0 <= place < len(line) else None


def address(array: Array) -> int:
    """Where the first element of `array` lies in memory."""
    return int(array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr)


def owner_of(array: Array) -> Array:
    """The array whose memory `array` is a view of; itself where it has memory of its own."""
    kind = np.ndarray if isinstance(array, np.ndarray) else type(array)
    while isinstance(array.base, kind):  # NumPy's may lie in memory that is no array
        array = array.base
    return array


def strided(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A view of the memory of `array`, from its first element on, with these lengths and steps (in bytes).

    >>> strided(np.arange(4), (3, 2), (8, 8)).tolist()
    [[0, 1], [1, 2], [2, 3]]
    """
    if isinstance(array, np.ndarray):
        return np.lib.stride_tricks.as_strided(array, shape, strides)
    view = array.view()  # what CuPy's own as_strided makes does not know whose memory it is
    view._set_shape_and_strides(shape, strides, True, True)
    return view


def copied(array: Array, copies: dict[Any, Any]) -> Array:
    """A copy of `array` in the same memory order; views of one memory become views of one copy, kept in `copies`."""
    found = memory_of(array) if isinstance(array, np.ndarray) else None
    if found is None:
        return array.copy()
    line, place = found
    key = ("memory", line.ctypes.data)
    if key not in copies:
        copies[key] = (line.copy(), line)  # `line` is kept, so that its address stays its own
    return np.ndarray(array.shape, array.dtype, copies[key][0], place, array.strides)


def to_device(array: Array, target: device | str | int, non_blocking: bool = False) -> Array:
    """`array` on device `target`: itself where it is there already, else a copy.

    A copy from the host to a GPU takes the numbers as they are now, and does not wait for the GPU; but the GPU fetches
    those in pinned memory (minicnn/pinned.py) itself, which is waited for, unless `non_blocking`: then it takes what is
    there when its turn comes.
    """
    target = target if target is CPU else resolve(target)
    if target.type == "cpu":
        return array if isinstance(array, np.ndarray) else _moved(array.get(), array)
    with on_gpu(target) as cupy:
        if isinstance(array, np.ndarray):
            waits = not non_blocking and is_pinned(array)  # CuPy keeps such memory alive, but not from being changed
            return _moved(cupy.asarray(array, blocking=waits), array)
        return array if array.device.id == cupy.cuda.runtime.getDevice() else _moved(array.copy(), array)


def _moved(copy: Array, array: Array) -> Array:
    """A copy on another device: a step that is being recorded has to make it again each time."""
    if recorder.tape is not None:
        recorder.tape.moved(copy, array)
    return copy


@contextmanager
def on_gpu(place: device) -> Iterator[Any]:
    """CuPy, with the GPU `place` (the current one without an index) as its current device.

    RuntimeError where there is no such GPU, with the way to get one.
    """
    reason = why_no_gpu()
    if reason is not None:
        raise RuntimeError(f"`device` is {place}: {reason}")
    import cupy

    if place.index is not None and place.index >= cupy.cuda.runtime.getDeviceCount():
        raise RuntimeError(
            f"CUDA error: invalid device ordinal: `device` is {place}, and there are "
            f"{cupy.cuda.runtime.getDeviceCount()} GPUs, from cuda:0 on"
        )
    with cupy.cuda.Device(place.index):
        yield cupy


def current_gpu() -> int:
    """The number of the GPU that CuPy works on; only where CuPy is in use."""
    return int(sys.modules["cupy"].cuda.runtime.getDevice())


@contextmanager
def beside(array: Array) -> Iterator[None]:
    """Work on the GPU that holds `array` (CuPy takes only arrays of its current GPU); nothing to do for the CPU's."""
    if on_cpu(array) or array.device.id == current_gpu():
        yield
        return
    with sys.modules["cupy"].cuda.Device(array.device.id):
        yield


def made(function: str, place: device, *args: Any) -> Array:
    """A new array: NumPy's `function(*args)` ("zeros", "full", …), or CuPy's where `place` is a GPU."""
    if place.type == "cpu":
        return getattr(np, function)(*args)
    with on_gpu(place) as cupy:
        return getattr(cupy, function)(*args)


def through_host(compute: Callable[..., Any], *arrays: Array) -> Any:
    """`compute(*arrays)` on the host, for what CuPy has not: arrays on a GPU are copied there and the result back.

    Not for what training does: the host waits for the GPU.
    """
    place = next((device_of(a) for a in arrays if hasattr(a, "device") and not isinstance(a, np.ndarray)), None)
    if place is None:
        return compute(*arrays)
    result = compute(*(to_device(a, CPU) if hasattr(a, "dtype") and hasattr(a, "get") else a for a in arrays))
    if isinstance(result, tuple):
        return tuple(to_device(np.asarray(part), place) for part in result)
    return to_device(np.asarray(result), place)


def synchronize() -> None:
    """Wait until the GPU has finished what was asked of it; nothing to wait for on the CPU."""
    cupy = sys.modules.get("cupy")
    if cupy is not None and has_gpu():
        cupy.cuda.get_current_stream().synchronize()
