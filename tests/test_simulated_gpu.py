"""The stand-in for CuPy (tests/simulated_gpu/cupy) behaves as CuPy does where minicnn could stumble over it."""

import ast
import importlib.util
import operator
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "simulated_gpu"

cupy_itself = pytest.mark.skipif(
    importlib.util.find_spec("cupy") is None or "MINICNN_TEST_GPU" in os.environ, reason="CuPy itself is not installed"
)


def in_a_process(code: str, **environment: str) -> str:
    """What `code` prints with the stand-in in front."""
    paths = os.pathsep.join([str(FOLDER), str(FOLDER.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(*expressions: str) -> list[str]:
    """The values of expressions, or their exceptions, of an array `a` = [[0, 1, 2], [3, 4, 5]] of the stand-in."""
    code = f"""
        import numpy as np
        import cupy
        for expression in {expressions!r}:
            a = cupy.arange(6, dtype="float32").reshape(2, 3)
            try:
                print(repr(eval(expression)).replace(chr(10), ""))
            except Exception as error:
                print(type(error).__name__, error)
    """
    return in_a_process(code).splitlines()


@cupy_itself
def test_the_names_are_cupys():
    import cupy
    from make_cupy_signatures import FILE, text

    if not cupy.__version__.startswith("14.2."):
        pytest.skip(f"the list is of CuPy 14.2, this is {cupy.__version__}")
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m tests.make_cupy_signatures`"


@cupy_itself
def test_cupy_has_every_name_that_is_asked_of_it():
    """`cupy.cuda.runtime.getDevice` and its like, wherever they stand in kernels, library and benchmarks."""
    import cupy

    root, asked = FOLDER.parents[1], set()
    for file in (path for part in ("kernels", "minicnn", "benchmarks") for path in (root / part).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and re.fullmatch(r"cupy(\.\w+)+", ast.unparse(node)):
                asked.add(ast.unparse(node).partition(".")[2])
    assert "cuda.runtime.getDevice" in asked
    for name in sorted(asked):
        operator.attrgetter(name)(cupy)  # AttributeError if there is no such thing


def test_numpy_and_gpu_arrays_do_not_mix():
    to_numpy = (
        "TypeError Implicit conversion to a NumPy array is not allowed. "
        "Please use `.get()` to construct a NumPy array explicitly."
    )
    mixed = "TypeError Unsupported type <class 'numpy.ndarray'>"
    assert answers("np.asarray(a)", "a + np.ones(3)", "np.ones(3) + a", "cupy.where(a > 1, a, np.ones(3))") == [
        to_numpy, mixed, mixed, mixed,
    ]  # fmt: skip
    assert answers("isinstance(a, np.ndarray)", "(a * np.float32(2)).dtype.name", "type(np.sum(a))") == [
        "False", "'float32'", "<class 'cupy.ndarray'>",
    ]  # fmt: skip
    (refused,) = answers("a.__setitem__(0, np.ones(3))")
    assert refused == "ValueError non-scalar numpy.ndarray cannot be used for fill"


def test_where_cupy_is_not_numpy():
    assert answers("cupy.floor_divide(a, 0.1)[0].tolist()", "(a % np.inf)[0].tolist()") == [
        "[0.0, 10.0, 20.0]", "[nan, nan, nan]",
    ]  # fmt: skip
    (misfit,) = answers("a[cupy.array([0, 1]), cupy.array([0, 1, 2])]")
    assert misfit.startswith("ValueError")
    assert answers("cupy.add(a, a, where=a > 1)", "a.astype(int, casting='safe')") == [
        "TypeError Wrong arguments ['where']", "TypeError casting and subok are not supported yet",
    ]  # fmt: skip


def test_page_locked_memory_is_fetched_later():
    out = in_a_process("""
        import numpy as np, cupy
        memory = cupy.cuda.alloc_pinned_memory(16)
        host = np.frombuffer(memory, np.float64)
        for blocking in (False, True):
            host[:] = 1
            there = cupy.asarray(host, blocking=blocking)
            host[:] = 2
            print(there)
    """)
    assert out == "[2. 2.]\n[1. 1.]\n"


def test_0d_results_are_arrays_and_views_know_their_base():
    assert answers("type(a.sum()) is cupy.ndarray", "a.sum().shape", "type(a[0, 0]) is cupy.ndarray") == [
        "True",
        "()",
        "True",
    ]
    assert answers("a[0].base is not None", "a.copy().base", "a[a > 3].tolist()", "a[[1, 0], 0].tolist()") == [
        "True", "None", "[4.0, 5.0]", "[3.0, 0.0]",
    ]  # fmt: skip


def test_names_and_arguments_that_cupy_lacks():
    assert answers("cupy.block", "cupy.sum(a, where=a > 1)", "a.max(initial=0)", "cupy.fft") == [
        "AttributeError module 'cupy' has no attribute 'block', which CuPy has not, either (tests/simulated_gpu/cupy)",
        "TypeError sum() got unexpected arguments ['where']; CuPy's: a, axis, dtype, out, keepdims",
        "TypeError max() got unexpected arguments ['initial']; CuPy's: self, axis, out, keepdims",
        "AttributeError module 'cupy' has no attribute 'fft', which the stand-in has not (tests/simulated_gpu/cupy)",
    ]
    (objects, atomics) = answers("cupy.array([None])", "cupy.add.at(a, (cupy.zeros(1, int),), 1)")
    assert objects == "ValueError Unsupported dtype object"
    assert atomics.startswith("TypeError scatter_add of float32: CuPy has int32")


def test_memory_is_counted_and_begins_as_nan():
    out = in_a_process("""
        import numpy as np, cupy
        pool = cupy.get_default_memory_pool()
        before = pool.used_bytes()
        a = cupy.empty((100, 100), "float32")
        print(np.isnan(a.get()).all(), pool.used_bytes() - before)
        view = a[3:]
        del a
        print(pool.used_bytes() - before)
        del view
        print(pool.used_bytes() - before, pool.total_bytes() > 0)
        pool.free_all_blocks()
        print(pool.total_bytes())
    """)
    assert out.split("\n")[:-1] == ["True 40448", "40448", "0 True", "0"]


def test_a_capture_writes_down_and_its_graph_repeats():
    out = in_a_process("""
        import numpy as np, cupy
        a, kept = cupy.ones(3), cupy.zeros(3)
        stream = cupy.cuda.Stream(non_blocking=True)
        with stream:
            stream.begin_capture()
            b = a * 2
            kept += b
            total = b.sum()
            for read in (total.item, lambda: a[a > 0], stream.synchronize, lambda: cupy.asarray(np.ones(2))):
                try:
                    read()
                except cupy.cuda.runtime.CUDARuntimeError as error:
                    print(error.status)
            try:
                a @ a
            except NotImplementedError as error:
                print(error)
            graph = stream.end_capture()
        print(b, kept)
        graph.launch(stream)
        a[:] = 5
        graph.launch()
        print(b, kept, total)
    """)
    assert out.split("\n")[:-1] == [
        "900", "900", "900", "900", "calling cuBLAS API during stream capture is currently unsupported",
        "[nan nan nan] [0. 0. 0.]", "[10. 10. 10.] [12. 12. 12.] 30.0",
    ]  # fmt: skip


def test_a_cu_file_runs():
    shim = pytest.importorskip("simulated_gpu.shim")
    if shim.why_not() is not None:
        pytest.skip(shim.why_not())
    out = in_a_process("""
        import numpy as np, cupy
        code = '''
        extern "C" __global__ void twice(const float* x, float* y, int n)
        {
            const int i = blockIdx.x * blockDim.x + threadIdx.x;
            if (i < n) y[i] = 2 * x[i];
        }
        '''
        x = cupy.arange(5, dtype="float32")
        y = cupy.empty_like(x)
        cupy.RawModule(code=code, options=("-std=c++17",)).get_function("twice")((1,), (32,), (x, y, np.int32(5)))
        print(y)
    """)
    assert out == "[0. 2. 4. 6. 8.]\n"


def test_two_devices():
    out = in_a_process(
        """
        import cupy
        print(cupy.cuda.runtime.getDeviceCount())
        with cupy.cuda.Device(1):
            a = cupy.ones(2)
        print(a.device.id, a.copy().device.id, cupy.cuda.runtime.getDevice())
        try:
            a + cupy.ones(2)
        except ValueError as error:
            print(error)
        """,
        MINICNN_SIMULATED_GPUS="2",
    )
    assert out.splitlines() == [
        "2", "1 0 0", "Array device must be same as the current device: array device = 0 while current = 1",
    ]  # fmt: skip


def test_numbers_are_numpys(rng):
    values = rng.standard_normal((3, 4))
    out = in_a_process(f"""
        import numpy as np, cupy
        host = np.array({values.tolist()})
        a = cupy.asarray(host)
        for name in ("sum", "exp", "argsort", "cumsum", "var", "transpose", "sqrt"):
            with np.errstate(all="ignore"):
                assert np.array_equal(getattr(cupy, name)(a).get(), getattr(np, name)(host), equal_nan=True), name
        assert np.array_equal((a.T[1:] / 3 - a[0, :3]).get(), host.T[1:] / 3 - host[0, :3])
        print("right")
    """)
    assert out == "right\n"
