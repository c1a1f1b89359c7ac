"""Every kernel, every backend: where the general promises of a plan are held (kernels/README.md).

`run` computes with the backend that was asked for and sees to it that it did the work, touched no input and nothing
outside its arrays, that outputs and scratch may hold anything beforehand, and that the same call gives the same bits
again: on a GPU by way of a CUDA graph, into which goes only what allocates nothing, waits for nothing and uses the
current stream. Where a simulated GPU runs it, its threads have their turns in another order each time.

A backend is named "numpy" or "numba" (the CPU's), "gpu cupy" or "gpu numba"; tests get them from the fixture `backend`.
"""

import functools
import importlib.util
import math
import os
from contextlib import contextmanager

import numpy as np
import pytest
from simulated_gpu import shim

from minicnn import backend as devices
from minicnn import kernels
from minicnn.kernels import dispatch, launch, layout

PLAIN, BATCH_LAST = layout.PLAIN, layout.BATCH_LAST
ORDERS = (PLAIN, BATCH_LAST)
FLOATS = [pytest.param(np.dtype(name), id=name) for name in ("float32", "float64")]
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}  # of the largest number, for each √ of the number of terms
GUARD = 512  # bytes before and behind every array

SIMULATED = os.environ.get("MINICNN_TEST_GPU") == "simulated"
IN_ORDERS = SIMULATED and os.environ.get("MINICNN_TEST_CUDA") != "ptx"  # which is slow, and looks for races itself
GARBAGE = (0xFF, 0x7A, 0x81) if IN_ORDERS else (0xFF, 0x7A)  # bytes; as floats NaN, 3e35, -5e-38. One run with each
SLOW = "gpu numba" if SIMULATED else ""  # the backend that takes a microsecond for each step of each thread

each_float = pytest.mark.parametrize("dtype", FLOATS)


def gpu_backends():
    """The GPU backends that this process can run, on a real GPU or a simulated one."""
    if devices.why_no_gpu() is not None:
        return ()
    return ("gpu cupy", "gpu numba") if importlib.util.find_spec("numba_cuda") else ("gpu cupy",)


def split(backend):
    """("cpu", "numpy") of "numpy", ("gpu", "cupy") of "gpu cupy"."""
    name, device = backend.split()[::-1], "gpu" if " " in backend else "cpu"
    return device, name[0]


@contextmanager
def preferred(backend):
    """The backend is asked first within its device. On a simulated GPU a grid has few blocks, so that threads take
    several pieces of work each, and in Numba's kernels, which are slow there, blocks are small."""
    device, name = split(backend)
    before = launch.THREADS, launch.MOST_BLOCKS
    if SIMULATED and device == "gpu":
        launch.THREADS, launch.MOST_BLOCKS = (32, 3) if backend == SLOW else (launch.THREADS, 5)
    try:
        with kernels.use(name):
            yield device
    finally:
        launch.THREADS, launch.MOST_BLOCKS = before


def planned(backend, kernel, sizes):
    """The plan of `backend`; the test is skipped where it leaves the case to another one of the GPU."""
    device, name = split(backend)
    with preferred(backend):
        plan = kernels.plan(kernel, sizes, device)
    if backend == "numba" and backend not in dispatch.backends(kernel, "cpu"):
        pytest.skip(f"on the CPU {kernel} has its reference alone")
    if backend == "gpu numba" and plan.backend == "cupy":
        pytest.skip(f"{kernel}/gpu_numba.py leaves {sizes} to CUDA C++")
    assert (plan.kernel, plan.backend) == (kernel, name)
    return plan


def guarded(like, shape, dtype, order, garbage, late=0):
    """(array, the bytes around it): garbage in both, in the module (numpy or cupy) `like`. It begins at a multiple of
    64 bytes, or `late` elements behind one."""
    itemsize = np.dtype(dtype).itemsize
    size = math.prod(shape) * itemsize
    whole = like.empty(size + 2 * GUARD + 128, np.uint8)
    start = -(whole.ctypes.data if like is np else whole.data.ptr) % 64 + GUARD + late * itemsize
    whole[...] = garbage
    flat = whole[start : start + size].view(dtype)
    return layout.as_order(flat, shape, order), (whole[:start], whole[start + size :])


def host(array):
    """The array as NumPy's; of two dimensions also in the memory order of its transpose."""
    return array if isinstance(array, np.ndarray) else array.get(order="A")


@contextmanager
def threads_in_order(number):
    """Threads of a simulated GPU run forwards, backwards, or at random."""
    before = os.environ.get(shim.ORDER)
    os.environ[shim.ORDER] = ("forwards", "backwards", str(number))[min(number, 2)]
    try:
        yield
    finally:
        os.environ.pop(shim.ORDER)
        if before is not None:
            os.environ[shim.ORDER] = before


def replayed(work):
    """Capture `work` in a CUDA graph, and launch that."""
    import cupy

    stream = cupy.cuda.Stream(non_blocking=True)
    cupy.cuda.get_current_stream().synchronize()  # what it reads is there
    with stream:
        stream.begin_capture()
        work()
        graph = stream.end_capture()
        graph.launch(stream)
        stream.synchronize()


def run(backend, kernel, sizes, *ins, updated=()):
    """The outputs of `backend` as NumPy arrays. Those that a plan updates begin as `updated`."""
    plan = planned(backend, kernel, sizes)
    like = np
    if backend.startswith("gpu"):
        import cupy as like
    ins = [ordered(array, order) for array, order in zip(ins, plan.input_orders, strict=True)]
    fresh = [out for out in plan.outputs if not out.updated]
    assert list(plan.outputs[len(fresh) :]) == [out for out in plan.outputs if out.updated], "updated ones come last"
    results = []
    for number, garbage in enumerate(GARBAGE):
        zones, given = [], []

        late = int(like is not np and number == 1)  # views of other arrays need not begin at 16 bytes

        def array(shape, dtype, order=PLAIN, garbage=garbage, zones=zones, late=late):
            made, around = guarded(like, shape, dtype, order, garbage, late)
            zones.extend(around)
            return made

        def filled(values, order, given=given, array=array):
            made = array(values.shape, values.dtype, order)
            if like is np:
                made[...] = values
            elif values.size:
                made.set(values)
            given.append((made, values.tobytes()))
            return made

        arrays = [filled(values, layout.order_of(values)) for values in ins]
        outs = [array(out.shape, out.dtype, out.order) for out in fresh]
        for out, values in zip(plan.outputs[len(fresh) :], updated, strict=True):
            outs.append(filled(np.asarray(values, out.dtype), out.order))
        inputs = given[: len(ins)]
        with preferred(backend), threads_in_order(number):
            if like is np:
                dispatch._scratch(plan.scratch_bytes)[...] = garbage
                kernels.execute(kernel, plan, outs, arrays)
            else:
                work = functools.partial(plan.run, outs, arrays, array((plan.scratch_bytes,), np.uint8, late=0))
                replayed(work) if garbage == GARBAGE[-1] else work()  # not the first time: then it compiles
        assert all((host(zone) == garbage).all() for zone in zones), "the kernel wrote outside its arrays"
        assert all(host(made).tobytes() == before for made, before in inputs), "the kernel wrote to its inputs"
        orders = (out.order for out in plan.outputs)  # what comes from a GPU comes in plain order
        results.append([ordered(host(out), order) for out, order in zip(outs, orders, strict=True)])
    for *versions, out in zip(*results, plan.outputs, strict=True):
        assert versions[0].dtype == out.dtype
        assert versions[0].shape == out.shape
        for other in versions[1:]:
            assert versions[0].tobytes() == other.tobytes(), (
                "the result depends on what was in outputs or scratch, on what lies beside the inputs, or on the "
                "order of the threads"
            )
    return tuple(results[0])


def ordered(array, order):
    """`array` in the memory order that a plan wants, as kernels.run brings it there."""
    with kernels.use("numpy"):
        return kernels.in_order(array, order)


def close(got, expected, terms=1):
    """`got` equals `expected` up to rounding, NaN where NaN is; `terms` is how many numbers were added up for each."""
    assert got.shape == expected.shape
    numbers = ~(np.isnan(got) & np.isnan(expected))
    largest = max(1.0, float(np.abs(expected).max(initial=0, where=numbers)))
    error = float(np.abs(got - expected).max(initial=0, where=numbers)) / largest
    assert error <= TOLERANCE[got.dtype.name] * max(1, math.sqrt(terms)), f"{error:.2e} off"


def some(backend, cases, count=2):
    """All the cases, or the first `count` of them where each takes long: the small ones should come first."""
    cases = list(cases)
    return cases[:count] if backend == SLOW else cases
