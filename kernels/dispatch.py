"""The only place that chooses between backends.

A kernel is a folder, a backend is a file in it, and the file's name registers it:

    kernels/im2col/cpu_numba.py     kernel "im2col", device "cpu", backend "numba"

Each backend file exports one function, `plan(sizes) -> Plan | None`. `sizes` is the kernel's own
NamedTuple (shapes, dtype, stride, memory order, epilogue …), so a plan holds everything that can be
known before the numbers are: the algorithm, tables of offsets, the shapes of its outputs, how much
scratch memory it needs. `None` means "not this case", and the next backend of the same device is
asked; the NumPy reference takes every case. Plans are cached by sizes.

The arrays decide the device: NumPy runs on the CPU, CuPy on the GPU, never the other way round.
A preference decides within the device:

    with kernels.use("numpy"):      # or MINICNN_KERNELS=numpy
        loss.backward()             # the readable reference, on every kernel
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import buffers, layout, precision, threads
from .recorder import recorder

BACKENDS = {"cpu": ("numba", "numpy"), "gpu": ("cupy", "numba", "cublas", "cudnn")}  # in order of preference
ONLY_IF_ASKED = ("cublas", "cudnn")  # NVIDIA's libraries, for those who want to compare
LIBRARIES = {"numba": "numba", "cupy": "cupy", "numpy": "numpy", "cublas": "cupy", "cudnn": "cudnn"}
INSTALL = {"cudnn": " (pip install 'minicnn[cudnn]', beside one of minicnn's CUDA extras)"}
KEPT_PLANS = 4096
KEPT_SCRATCH = 64 << 20  # bytes of scratch memory a thread keeps between kernels


class Output(NamedTuple):
    """One output of a plan: logical shape, NumPy dtype, memory order, and whether it is read before it is written
    (a parameter that takes a step, the state of a generator): the caller then brings it."""

    shape: tuple[int, ...]
    dtype: Any
    order: str = layout.PLAIN
    updated: bool = False


class Plan(NamedTuple):
    """How one backend computes one kernel for one set of sizes.

    `run(outs, ins, scratch)` fills every output, only reads its inputs, allocates nothing and waits
    for nothing (on the GPU it uses the current stream). `ins` arrive in `input_orders`, `scratch` is
    a uint8 array of `scratch_bytes`. The caller owns all of them and may bring the same ones again.
    """

    algorithm: str
    input_orders: tuple[str, ...]
    outputs: tuple[Output, ...]
    scratch_bytes: int
    run: Callable[[Sequence[Any], Sequence[Any], Any], None]
    backend: str = ""  # this and what follows is filled in by dispatch
    kernel: str = ""
    sizes: Any = None


class Used(NamedTuple):
    """What `record()` notes for each kernel that ran."""

    kernel: str
    device: str
    backend: str
    algorithm: str


_environment = os.environ.get("MINICNN_KERNELS")  # read once: a look into the environment costs a microsecond
_preference: ContextVar[str | None] = ContextVar("minicnn_kernels", default=None)
_recording: ContextVar[list[Used] | None] = ContextVar("minicnn_kernels_record", default=None)
_plans: dict[tuple[Any, ...], Plan] = {}
_here = threading.local()


@contextmanager
def use(backend: str) -> Iterator[None]:
    """Prefer `backend` within the device, as long as the context lasts: "numpy", "numba" or "cupy", and on a GPU
    "cublas" and "cudnn", which are never taken unless asked for.

    ValueError for another name, ImportError when its library is not installed.
    """
    token = _preference.set(_checked(backend, "`backend`"))
    try:
        yield
    finally:
        _preference.reset(token)


@contextmanager
def record() -> Iterator[list[Used]]:
    """A list of every kernel that runs inside: name, device, backend, algorithm."""
    used: list[Used] = []
    token = _recording.set(used)
    try:
        yield used
    finally:
        _recording.reset(token)


def preference() -> str | None:
    """The backend asked for by `use` or MINICNN_KERNELS; None for the default order."""
    chosen = _preference.get()
    if chosen is None and _environment:
        return _checked(_environment, "MINICNN_KERNELS")
    return chosen


def _checked(backend: str, source: str) -> str:
    if backend not in LIBRARIES:
        raise ValueError(f"{source} is {backend!r}; expected one of {', '.join(sorted(LIBRARIES))}")
    if not _installed(LIBRARIES[backend]):
        hint = INSTALL.get(backend, "")
        raise ImportError(f"{source} is {backend!r}, but the library {LIBRARIES[backend]} is not installed{hint}")
    return backend


def _installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def names() -> tuple[str, ...]:
    """The kernels there are: the folders beside this file."""
    return tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/cpu_numpy.py")))


def backends(kernel: str, device: str) -> tuple[str, ...]:
    """The backends that have a file for `kernel` on `device` ("cpu" or "gpu"), preferred ones first."""
    folder = Path(__file__).parent / kernel
    found = tuple(name for name in BACKENDS[device] if (folder / f"{device}_{name}.py").is_file())
    if not found and kernel not in names():
        raise LookupError(f"there is no kernel {kernel!r}; kernels: {', '.join(names())}")
    if not found:
        raise LookupError(
            f"kernel {kernel!r} has no {device.upper()} version yet: bring its arrays to the CPU (`.cpu()`), "
            f"or write kernels/{kernel}/{device}_cupy.py (kernels/README.md says how)"
        )
    return found


def plan(kernel: str, sizes: tuple[Any, ...], device: str = "cpu") -> Plan:
    """The plan of the first backend that takes these sizes; cached."""
    wanted = preference()
    key = (kernel, sizes, device, wanted, precision.key() if device == "gpu" else None)
    found = _plans.get(key)
    if found is None:
        if len(_plans) >= KEPT_PLANS:  # images of ever new sizes: begin anew rather than grow for ever
            _plans.clear()
        found = _plans[key] = _make_plan(kernel, sizes, device, wanted)
    return found


def _make_plan(kernel: str, sizes: tuple[Any, ...], device: str, wanted: str | None) -> Plan:
    order = sorted(backends(kernel, device), key=lambda name: name != wanted)  # stable: the wanted first
    missing = []
    for backend in order:
        if backend in ONLY_IF_ASKED and backend != wanted:
            continue
        library = "numba_cuda" if (device, backend) == ("gpu", "numba") else LIBRARIES[backend]
        if not _installed(library):
            if backend == wanted:
                raise ImportError(f"kernel {kernel!r} was asked for in {wanted!r}: {library} is not installed")
            missing.append(library)
            continue  # a library that is missing is passed over; a file that is broken is not
        module = importlib.import_module(f"{__package__}.{kernel}.{device}_{backend}")
        made = module.plan(sizes)
        if made is not None:
            return made._replace(backend=backend, kernel=kernel, sizes=sizes)
    hint = f"; not installed: {', '.join(missing)}" if missing else ""
    raise LookupError(f"no {device.upper()} backend of kernel {kernel!r} takes {sizes}{hint}")


def run(kernel: str, sizes: tuple[Any, ...], *ins: Any) -> tuple[Any, ...]:
    """Eager execution: plan, bring the inputs into the order the plan wants, allocate, run.

    A caller with buffers of its own (capture, CUDA graphs) calls `plan(...)` and `execute` itself.
    """
    made = plan(kernel, sizes, device_of(ins[0]))
    outs = allocated(made.outputs, ins[0])
    execute(kernel, made, outs, [in_order(a, o) for a, o in zip(ins, made.input_orders, strict=True)])
    return tuple(outs)


def device_of(array: Any) -> str:
    """The device that an array lives on, as backends name it: "cpu" or "gpu"."""
    return "cpu" if isinstance(array, np.ndarray) else "gpu"


def allocated(outputs: Sequence[Output], like: Any) -> list[Any]:
    """Memory for outputs of a plan, on the device of the array `like`."""
    if isinstance(like, np.ndarray):
        return [buffers.empty(out.shape, out.dtype, out.order) for out in outputs]
    import cupy

    return [
        cupy.empty(out.shape, out.dtype) if out.order == layout.PLAIN
        else layout.as_order(cupy.empty(layout.size(out.shape), out.dtype), out.shape, out.order)
        for out in outputs
    ]  # fmt: skip


def ordered(kernel: str, sizes: tuple[Any, ...], *ins: Any) -> tuple[Any, ...]:
    """The inputs in the memory orders that `run` would bring them into: for a caller that needs them again."""
    made = plan(kernel, sizes, device_of(ins[0]))
    return tuple(in_order(a, o) for a, o in zip(ins, made.input_orders, strict=True))


def execute(kernel: str, made: Plan, outs: Sequence[Any], ins: Sequence[Any]) -> None:
    """Run a plan on the caller's buffers, with scratch memory from this thread's pool."""
    on_cpu = isinstance(outs[0], np.ndarray)
    if on_cpu:
        scratch = _scratch(made.scratch_bytes)
        threads.enter()
    else:
        import cupy

        scratch = cupy.empty(made.scratch_bytes, np.uint8)
    made.run(outs, ins, scratch)
    note(made, device_of(outs[0]))
    if recorder.tape is not None:
        recorder.tape.kernel(made, outs, ins)


def calls(made: Plan, outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> list[tuple[Callable[..., Any], Any]]:
    """What a run of this plan on these arrays comes to, as functions with their arguments, to be called again and
    again: of Numba's kernels the compiled loops alone, since their `run` does nothing but start those."""
    if made.backend != "numba":
        return [(made.run, (outs, ins, scratch))]
    recorder.calls = []
    try:
        made.run(outs, ins, scratch)
        return [(loop.ready(args), args) for loop, args in recorder.calls]
    finally:
        recorder.calls = None


def is_recorded() -> bool:
    """Whether this runs within `record`."""
    return _recording.get() is not None


def note(made: Plan, device: str) -> None:
    """Tell `record` that this plan ran."""
    used = _recording.get()
    if used is not None:
        used.append(Used(made.kernel, device, made.backend, made.algorithm))


def _scratch(size: int) -> np.ndarray:
    """`size` bytes that nobody else in this thread uses until the kernel ends, 64-byte aligned."""
    kept = getattr(_here, "scratch", None)
    if kept is None or kept.size < size:
        kept = aligned(size)
        if size <= KEPT_SCRATCH:
            _here.scratch = kept
    return kept[:size]


def aligned(size: int) -> np.ndarray:
    """`size` bytes that begin at a cache line."""
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


def in_order(array: Any, order: str) -> Any:
    """`array` in memory order `order`: itself where it is so already, else a copy."""
    if order == layout.ANY or (have := layout.order_of(array)) == order:
        return array
    if order == layout.PLAIN and have != layout.BATCH_LAST:
        return contiguous(array)
    if array.ndim < 2 or array.size == 0 or array.shape[0] == 1 or array.shape[0] == array.size:
        return array if have != layout.ANY else contiguous(array)  # both orders are the same memory
    if have == layout.ANY:
        array = contiguous(array)
    from .reorder import Sizes

    rows = array.shape[0]
    sizes = Sizes(rows, array.size // rows, array.dtype, order == layout.BATCH_LAST)
    (out,) = run("reorder", sizes, layout.memory(array))
    return layout.as_order(out, array.shape, order)


def contiguous(array: Any) -> Any:
    """A copy in plain order."""
    copy = array.copy(order="C")
    if recorder.tape is not None:
        recorder.tape.copy(copy, array)
    return copy
