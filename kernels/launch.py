"""The only place that compiles and starts GPU code: launch shapes, .cu files through CuPy, Numba-CUDA.

A GPU starts one function in very many threads at once, and each asks who it is:

    grid     block 0            block 1            block 2    …      blocks run in any order, on any
             t0 t1 … t255       t0 t1 … t255       …                 multiprocessor, many at a time

    i = blockIdx.x · blockDim.x + threadIdx.x      which piece of the work is mine
    step = gridDim.x · blockDim.x                  pieces i, i + step, i + 2·step … are mine

32 neighbouring threads (a warp) execute the same instruction together, and what they read or write is
fetched in whole 128-byte lines. So neighbouring threads should own neighbouring numbers. The stride
through the work in steps of a whole grid keeps that, and lets a grid of any size do all of the work.

Compilation happens at the first launch. For a .cu file CuPy keeps the machine code on disk under a key
over source, options and architecture; headers are not part of that key, so an option holds a hash over
all CUDA sources. A launch goes to the current CuPy stream, allocates nothing and waits for nothing: it
may be captured in a CUDA graph once it has run.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import compiled

Start = Callable[..., None]  # (grid, block, *arguments): a kernel of either language, started over such a grid
Pack = Callable[..., Any]  # `struct` or `numbers`: how it takes its lengths

THREADS = 256  # of a block: 8 warps hide each other's waiting; more would leave fewer registers for each
FLOATS = ("float32", "float64")  # what kernels of both languages take
ALL_FLOATS = (*FLOATS, "float16", "bfloat16")  # and CUDA C++ besides, computed with as float32 (numbers.cuh)
MOST_BLOCKS = 1 << 16  # fills the largest GPU a hundred times over; beyond it threads take several pieces

_root = Path(__file__).parent
_lock = threading.RLock()


def blocks(work: int) -> int:
    """How many blocks of THREADS threads share `work` pieces of work, one piece a thread if there is room.

    >>> blocks(1), blocks(256), blocks(257), blocks(10**12)
    (1, 1, 2, 65536)
    """
    return min(-(-work // THREADS), MOST_BLOCKS)


def packs(size: int, dtype: Any) -> int:
    """How many threads it takes when each makes 16 bytes of an array of `size` numbers (elementwise.cuh says why).

    >>> packs(9, np.dtype("float32")), packs(9, np.dtype("float64")), packs(9, np.dtype("uint8"))
    (3, 5, 1)
    """
    return -(-size * np.dtype(dtype).itemsize // 16)


def sums_dtype(dtype: Any) -> Any:
    """The type that kernels compute in (numbers.cuh): float32 for the floating types of two bytes, else their own.

    >>> sums_dtype(np.dtype("float16")), sums_dtype(np.dtype("float64"))
    (dtype('float32'), dtype('float64'))
    """
    return np.dtype("float32") if dtype.name in ("float16", "bfloat16") else dtype


def struct(**numbers: int) -> np.ndarray:
    """Numbers for a kernel, passed by value as a C struct of ints with these names in this order.

    CuPy passes a NumPy array of one element by value; each number has to fit into 32 bits.

    >>> struct(H=28, W=30).dtype.names
    ('H', 'W')
    """
    return np.array([tuple(numbers.values())], [(name, np.int32) for name in numbers])


def numbers(**numbers: int) -> tuple[int, ...]:
    """As `struct`, for a kernel of Numba: a tuple, which it unpacks in this order; of any size.

    >>> numbers(H=28, W=30)
    (28, 30)
    """
    return tuple(numbers.values())


class Constants:
    """Arrays that a plan made on the host, as arrays of the GPU: copied there at the first use, once for each GPU.

    Like compilation, that is nothing for a graph's capture: a plan has to have run before.
    """

    def __init__(self, *arrays: np.ndarray) -> None:
        self.arrays = arrays
        self._there: dict[int, tuple[Any, ...]] = {}

    def __call__(self) -> tuple[Any, ...]:
        """The arrays on the current GPU."""
        import cupy

        device = cupy.cuda.runtime.getDevice()
        found = self._there.get(device)
        if found is None:
            found = self._there[device] = tuple(cupy.asarray(array) for array in self.arrays)
        return found


# --- CUDA C++ through CuPy -------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def options() -> tuple[str, ...]:
    """What NVRTC is told (CuPy adds the architecture, and -ftz=true: float32 subnormals become zero)."""
    digest = hashlib.sha256()
    for path in sorted([*_root.rglob("*.cu"), *_root.rglob("*.cuh")]):
        digest.update(path.relative_to(_root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return ("-std=c++17", f"-I{_root}", f"-DMINICNN_SOURCES=0x{digest.hexdigest()[:15]}")


@functools.cache
def _module(file: Path) -> Any:
    import cupy

    return cupy.RawModule(code=file.read_text(encoding="utf-8"), options=options())


class CudaFunction:
    """An `extern "C" __global__` function of a .cu file; loaded (compiled, if need be) at its first launch.

    `function(work, *args)` starts it for `work` pieces of work. Arguments are CuPy arrays (the kernel gets
    the pointer), NumPy scalars of the exact type, and one-element NumPy arrays made by `struct`.
    """

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.name = name
        self._loaded: Callable[..., None] | None = None

    def __call__(self, work: int, *args: Any) -> None:
        self.over((blocks(work),), (THREADS,), *args)

    def over(self, grid: tuple[int, ...], block: tuple[int, ...], *args: Any) -> None:
        """Start it over a grid of blocks of our own shapes: for kernels whose threads work together."""
        if 0 in grid:  # an error in CUDA
            return
        if self._loaded is None:
            with _lock:  # CuPy keeps one module a device; two threads must not compile it at once
                self._loaded = _module(self.file).get_function(self.name)
                self._loaded(grid, block, args)
            return
        self._loaded(grid, block, args)


MOST_NUMBERS = 16  # as in write.cu
_write = CudaFunction(_root / "write.cu", "write_float64")


def write(array: Any, values: np.ndarray) -> None:
    """A few float64 numbers (at most 16) into an array of the GPU. Nobody waits, and `values` may change at once."""
    passed = np.zeros(1, [("number", np.float64, (MOST_NUMBERS,))])
    passed["number"][0, : values.size] = values
    _write.over((1,), (32,), array, passed, np.int32(values.size))


# --- Numba-CUDA ------------------------------------------------------------------------------------


def numba_kernel(function: Any) -> NumbaFunction:
    """Decorate a Numba-CUDA kernel; it is compiled at its first launch, once for each type of arguments."""
    return NumbaFunction(function)


def numba_device(function: Any) -> Any:
    """Decorate a function that Numba-CUDA kernels call; it is compiled with each of them."""
    from numba import cuda

    return cuda.jit(device=True)(function)


class NumbaFunction:
    """A kernel written in Python for numba.cuda. `function(work, *args)` starts it, as a CudaFunction.

    Arguments are CuPy arrays and tuples of numbers. Numba would wait for CuPy's stream when it takes a
    CuPy array (`sync`), which is needless here: the launch goes to that same stream.
    """

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._dispatcher: Any = None

    @property
    def dispatcher(self) -> Any:
        """numba.cuda's dispatcher: made at the first use, with its cache in our folder (see compiled.py)."""
        with _lock:
            if self._dispatcher is None:
                cuda, config = _numba_cuda()
                before = config.CACHE_DIR
                config.CACHE_DIR = str(compiled.cache_folder())
                try:
                    self._dispatcher = cuda.jit(cache=True)(self.function)
                finally:
                    config.CACHE_DIR = before
            return self._dispatcher

    def __call__(self, work: int, *args: Any) -> None:
        self.over((blocks(work),), (THREADS,), *args)

    def over(self, grid: tuple[int, ...], block: tuple[int, ...], *args: Any) -> None:
        """Start it over a grid of blocks of our own shapes: for kernels whose threads work together."""
        if 0 not in grid:
            started = self.dispatcher[grid, block, current_stream()]
            started(*(numba_view(arg) if hasattr(arg, "__cuda_array_interface__") else arg for arg in args))

    def flat(self, grid: tuple[int, ...], block: tuple[int, ...], *args: Any) -> None:
        """As `over`; the kernel gets the memory of arrays of several dimensions as one dimension."""
        self.over(grid, block, *(arg.reshape(-1) if getattr(arg, "ndim", 0) > 1 else arg for arg in args))


@functools.lru_cache(maxsize=1)
def _numba_cuda() -> tuple[Any, Any]:
    """numba.cuda of the package numba-cuda, and its configuration."""
    if importlib.util.find_spec("numba_cuda") is None:
        raise ImportError(
            "the Numba backend of the GPU needs the package numba-cuda: pip install 'minicnn[cuda13]' "
            "(or 'minicnn[cuda12]' for a CUDA 12 driver)"
        )
    from numba import cuda

    _bring_back_row_stack()
    config: Any = importlib.import_module("numba.cuda.core.config")
    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # a small layer has a small grid; that is no news to anyone
    return cuda, config


def _bring_back_row_stack() -> None:
    """NumPy 2.5 dropped a function that numba-cuda, up to 0.30, names where it is about to compile: not so here."""
    if hasattr(np, "row_stack"):
        return
    numpy: Any = np
    numpy.row_stack = np.vstack
    try:
        importlib.import_module("numba.cuda.np.arrayobj")
    finally:
        del numpy.row_stack


def current_stream() -> Any:
    """CuPy's current stream, as a stream of Numba."""
    import cupy
    from numba import cuda

    return cuda.external_stream(cupy.cuda.get_current_stream().ptr)


def numba_view(array: Any) -> Any:
    """A CuPy array's memory, as an array of Numba: no copy, no waiting."""
    from numba import cuda

    return cuda.as_cuda_array(array, sync=False)
