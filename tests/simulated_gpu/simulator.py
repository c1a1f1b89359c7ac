"""Numba-CUDA's kernels without a GPU: their Python runs as it stands, one CUDA thread at a time.

Numba brings a simulator (NUMBA_ENABLE_CUDASIM=1), whose `cuda` the kernels import here, too. Its launches are replaced,
for it knows no shuffles, lets threads wait in vain for ever, takes the index -1 for the last element, begins shared
memory with zeros, and starts a thread of the operating system for every thread of a block. Here, as in cuda_shim.h,

  - threads run one after the other, and only one that waits for others (cuda.syncthreads, cuda.shfl_*_sync) keeps its
    place; blocks, and threads between two barriers, run in the order that MINICNN_SHIM_ORDER says;
  - a barrier or a shuffle that not all reach, or reach at different lines, is an error, and so is an index outside
    an array; shared and local arrays begin as garbage, in every block.

`launches` notes which kernel was started with which types: what the compiler for real GPUs has to take.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from greenlet import greenlet

from . import shim

WARP = 32
MOST_SHARED = 48 << 10  # bytes that every block may have
READY, AT_BARRIER, AT_WARP, DONE = "ready", "at barrier", "at warp", "done"

launches: set[tuple[str, str, str]] = set()  # module, kernel, types of its arguments
_launching = threading.Lock()


def install(ptx: bool = False) -> None:
    """Let minicnn's Numba-CUDA kernels run here: as Python, or compiled to PTX, in a process without Numba's simulator.
    Nothing of Numba is imported before the first one."""
    from minicnn.kernels import launch

    kind = CompiledKernel if ptx else Kernel
    launch._numba_cuda = lambda: (SimpleNamespace(jit=lambda **_: kind), SimpleNamespace(CACHE_DIR=""))
    launch.current_stream = lambda: None
    launch.numba_view = lambda array: array
    if not ptx:
        launch.numba_device = _device_function


_modules: list[dict[str, Any]] = []  # the names in each module with functions for the GPU


def _device_function(function: Any) -> Any:
    """In place of cuda.jit(device=True): the function itself, which finds `cuda` where a kernel does."""
    if not any(names is function.__globals__ for names in _modules):
        _modules.append(function.__globals__)
    return function


# --- arrays ----------------------------------------------------------------------------------------


class Array:
    """An array inside a kernel: no negative indices, none too large."""

    __slots__ = ("_numbers", "dtype", "ndim", "shape", "size")

    def __init__(self, numbers: np.ndarray[Any, Any]) -> None:
        self._numbers = numbers
        self.shape, self.ndim, self.size, self.dtype = numbers.shape, numbers.ndim, numbers.size, numbers.dtype

    def __len__(self) -> int:
        return len(self._numbers)

    def _check(self, place: Any) -> None:
        places = place if isinstance(place, tuple) else (place,)
        for i, length in zip(places, self.shape, strict=False):
            if isinstance(i, slice):
                ends = (i.start, i.stop)
                if any(end is not None and not 0 <= end <= length for end in ends):
                    raise IndexError(f"{i} of an axis of {length}")
            elif not isinstance(i, (int, np.integer)):
                raise IndexError(f"an index of type {type(i).__name__}")
            elif not 0 <= i < length:
                raise IndexError(f"index {i} of an axis of {length}")

    def __getitem__(self, place: Any) -> Any:
        if type(place) is not int or not 0 <= place < self.size:  # the usual case has passed already
            self._check(place)
        found = self._numbers[place]
        return Array(found) if isinstance(found, np.ndarray) else found

    def __setitem__(self, place: Any, value: Any) -> None:
        if type(place) is not int or not 0 <= place < self.size:
            self._check(place)
        self._numbers[place] = value


def host_view(array: Any) -> np.ndarray[Any, Any]:
    """The memory of a (simulated) GPU array as a NumPy array."""
    interface = dict(array.__cuda_array_interface__)
    interface.pop("stream", None)
    return np.asarray(SimpleNamespace(__array_interface__=interface, owner=array))


def garbage(shape: Any, dtype: Any) -> Array:
    """A new array of bytes 0xFF: NaN."""
    from numba.cuda.np import numpy_support

    if not isinstance(dtype, (np.dtype, type)):
        dtype = numpy_support.as_dtype(dtype)
    numbers = np.empty(shape, dtype)
    numbers.reshape(-1).view(np.uint8)[...] = 0xFF
    return Array(numbers)


# --- what a kernel sees as `cuda` ------------------------------------------------------------------


def _module() -> Any:
    """A class of Numba's simulator for what we have no other idea of: gridDim, atomics, popc, fma …"""
    from numba.cuda.simulator.kernelapi import Dim3, FakeCUDAModule

    class Module(FakeCUDAModule):
        def __init__(self, launch: Launch) -> None:
            super().__init__(launch.grid, launch.block, 0)
            self._launch = launch
            self._dim3 = Dim3
            self._shared = SimpleNamespace(array=launch.shared_array)
            self._local = SimpleNamespace(array=lambda shape, dtype: garbage(shape, dtype))

        threadIdx = property(lambda self: self._launch.current.index)
        blockIdx = property(lambda self: self._launch.block_index)
        laneid = property(lambda self: self._launch.current.number % WARP)

        def syncthreads(self) -> None:
            self._launch.wait(AT_BARRIER, sys._getframe(1))

        def syncwarp(self, mask: int = 0xFFFFFFFF) -> None:
            self._launch.exchange(mask, 0, None, sys._getframe(1))

        def shfl_sync(self, mask: int, value: Any, lane: int) -> Any:
            return self._launch.exchange(mask, value, lane % WARP, sys._getframe(1))

        def shfl_xor_sync(self, mask: int, value: Any, lanes: int) -> Any:
            return self._launch.exchange(mask, value, self.laneid ^ lanes, sys._getframe(1))

        def shfl_down_sync(self, mask: int, value: Any, delta: int) -> Any:
            return self._launch.exchange(mask, value, self.laneid + delta, sys._getframe(1))

        def shfl_up_sync(self, mask: int, value: Any, delta: int) -> Any:
            return self._launch.exchange(mask, value, self.laneid - delta, sys._getframe(1))

    return Module


# --- the threads of a block ------------------------------------------------------------------------


class Thread(greenlet):
    """A thread of a block: it runs until it waits for others, which gives the turn back to the launch."""

    def __init__(self, launch: Launch, number: int, index: Any) -> None:
        super().__init__()
        self.launch = launch
        self.number = number
        self.index = index
        self.state = READY
        self.line = ""
        self.exchanges = 0

    def run(self) -> None:
        with np.errstate(all="ignore"):  # a GPU divides by zero in silence
            self.launch.function(*self.launch.args)
        self.state = DONE


class Launch:
    """One launch: a kernel with its arguments over a grid."""

    def __init__(self, function: Any, grid: Sequence[int], block: Sequence[int], args: Sequence[Any]) -> None:
        whole = [tuple(shape) + (1,) * (3 - len(tuple(shape))) for shape in (grid, block)]
        self.grid, self.block = whole
        if not 0 < np.prod(self.block) <= 1024 or 0 in self.grid:
            raise RuntimeError(f"a grid of {self.grid} blocks of {self.block} threads")
        self.function, self.args = function, args
        self.shared: dict[Any, Array] = {}
        self.slots: dict[tuple[int, int, int], Any] = {}  # what the lanes of warps give each other

    def run(self) -> None:
        from numba import cuda

        how = shim.order()
        dice = random.Random(how)
        blocks = list(np.ndindex(*self.grid[::-1]))
        module = _module()(self)
        dim3 = module._dim3
        swapped = [names for names in (self.function.__globals__, *_modules) if names.get("cuda") is cuda]
        for names in swapped:
            names["cuda"] = module
        try:
            for z, y, x in reversed(blocks) if how == 1 else blocks:
                self.block_index = dim3(x, y, z)
                self._run_block(dim3, how, dice)
        finally:
            for names in swapped:
                names["cuda"] = cuda

    def _run_block(self, dim3: Any, how: int, dice: random.Random) -> None:
        self.shared.clear()
        indices = np.ndindex(*self.block[::-1])
        self.threads = [Thread(self, n, dim3(x, y, z)) for n, (z, y, x) in enumerate(indices)]
        order = list(self.threads)
        if how == 1:
            order.reverse()
        try:
            while True:
                if how > 1:
                    dice.shuffle(order)
                for thread in order:
                    if thread.state == READY:
                        self._resume(thread)
                if not self._release():
                    return
        finally:
            for thread in self.threads:  # after an error some wait for ever
                thread.throw()

    def _resume(self, thread: Thread) -> None:
        self.current = thread
        try:
            thread.switch()
        except Exception as error:
            where = f"block {tuple(self.block_index)}, thread {tuple(thread.index)}"
            text = f"{where} of {self.function.__name__}: {error}"
            raise type(error)(text).with_traceback(error.__traceback__) from None

    def wait(self, state: str, frame: Any) -> None:
        """A thread waits for others."""
        thread = self.current
        thread.state, thread.line = state, f"{frame.f_code.co_name}, line {frame.f_lineno}"
        thread.parent.switch()

    def exchange(self, mask: int, value: Any, lane: int | None, frame: Any) -> Any:
        """A shuffle: the value of `lane` of my warp; my own where there is no such lane."""
        if mask & 0xFFFFFFFF != 0xFFFFFFFF:
            raise RuntimeError("a mask of the warp that is not full")
        me = self.current
        turn = (me.number // WARP, me.exchanges % 2)
        me.exchanges += 1
        self.slots[(*turn, me.number % WARP)] = value
        self.wait(AT_WARP, frame)
        return self.slots[(*turn, lane)] if lane is not None and 0 <= lane < WARP else value

    def shared_array(self, shape: Any, dtype: Any) -> Array:
        """cuda.shared.array: one for each line that asks for one."""
        frame = sys._getframe(1)
        key = (frame.f_code, frame.f_lasti)
        if key not in self.shared:
            self.shared[key] = garbage(shape, dtype)
            size = sum(array._numbers.nbytes for array in self.shared.values())
            if size > MOST_SHARED:
                raise RuntimeError(f"{size} bytes of shared memory, more than {MOST_SHARED}")
        return self.shared[key]

    def _release(self) -> bool:
        """Open a warp whose lanes are all there, or else the barrier of the block."""
        released = False
        for first in range(0, len(self.threads), WARP):
            lanes = self.threads[first : first + WARP]
            if any(lane.state == AT_WARP for lane in lanes):
                if len(lanes) < WARP:
                    raise RuntimeError("the last warp has fewer than 32 threads, and its threads exchange numbers")
                self._all_wait(lanes, AT_WARP, "the warp's shuffle or barrier")
                released = True
        if not released and any(thread.state == AT_BARRIER for thread in self.threads):
            self._all_wait(self.threads, AT_BARRIER, "cuda.syncthreads()")
            released = True
        return released

    def _all_wait(self, threads: Sequence[Thread], state: str, what: str) -> None:
        there = next(thread for thread in threads if thread.state == state)
        for thread in threads:
            if (thread.state, thread.line) != (state, there.line):
                how = "has ended" if thread.state == DONE else f"waits in {thread.line}"
                raise RuntimeError(
                    f"block {tuple(self.block_index)} of {self.function.__name__}: thread {tuple(there.index)} waits "
                    f"for {what} in {there.line}, but thread {tuple(thread.index)} {how}"
                )
        for thread in threads:
            thread.state = READY


# --- what stands for numba.cuda's dispatcher -------------------------------------------------------


class Kernel:
    """kernel[grid, block, stream](*args): noted, and run now or whenever the captured graph is launched."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __getitem__(self, shape: tuple[Any, ...]) -> Callable[..., None]:
        def start(*args: Any) -> None:
            from cupy._streams import enqueue

            shim.check_registers(shape[1])
            described = repr([type_of(arg) for arg in args])

            def run() -> None:
                with _launching:
                    self.run(shape[0], shape[1], args, described)

            enqueue(run)

        return start

    def run(self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], described: str) -> None:
        launches.add((self.function.__module__, self.function.__name__, described))
        views = [Array(host_view(a)) if hasattr(a, "__cuda_array_interface__") else a for a in args]
        Launch(self.function, grid, block, views).run()


class CompiledKernel(Kernel):
    """The same, of what Numba compiles it to."""

    def run(self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], described: str) -> None:
        from ptx_machine import numba_kernels, nvrtc  # beside the stand-in for CuPy, which runs CUDA C++ there

        numba_kernels.pretend_there_is_a_gpu(nvrtc.ARCHITECTURE)
        library = numba_kernels.library(self.function, described, nvrtc.ARCHITECTURE)
        views = [host_view(a) if hasattr(a, "__cuda_array_interface__") else a for a in args]
        (name,) = library.names
        library.launch(name, grid, block, [part for view in views for part in numba_kernels.unpacked(view)])


def type_of(value: Any) -> Any:
    """The Numba type of an argument, in words that a process without the simulator understands."""
    if hasattr(value, "__cuda_array_interface__"):
        if value.__cuda_array_interface__["strides"] is not None:
            raise TypeError("a kernel in Numba takes contiguous arrays")
        return ("array", str(value.dtype), value.ndim)
    if isinstance(value, tuple):
        return ("tuple", [type_of(part) for part in value])
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, (int, float)) and not isinstance(value, np.generic):
        return "int64" if isinstance(value, int) else "float64"
    if isinstance(value, np.generic):
        return str(value.dtype)
    raise TypeError(f"a kernel in Numba takes arrays, numbers and tuples of numbers, not {type(value).__name__}")
