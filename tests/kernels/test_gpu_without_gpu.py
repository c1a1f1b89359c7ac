"""What can be known about the GPU code on a machine without a GPU.

It compiles for the architectures in use; its arithmetic is right when its threads run one after the
other (the .cu file through a C++ compiler, the Numba kernel through Numba's simulator); and the Python
side hands it what it expects. What is left for test_gpu.py is the launch itself.
"""

import importlib.util
import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import numpy as np
import oracles
import pytest
from simulated_gpu import shim

from minicnn.kernels import dispatch, im2col, launch
from minicnn.kernels.im2col import gpu_cupy

ROOT = Path(__file__).parents[2]
CUDA_FILES = sorted((ROOT / "kernels").glob("*/*.cu"))
ARCHITECTURES = (75, 80, 90, 100)  # Turing, Ampere, Hopper, Blackwell


def random_sizes(rng, dtype, largest=6):
    N, C, H, W, KH, KW, OH, OW = (int(n) for n in rng.integers(1, largest, 8))
    stride, padding, dilation = (tuple(map(int, rng.integers(low, 4, 2))) for low in (1, 0, 1))
    return im2col.Sizes(N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, np.dtype(dtype))


def expected(x, z):
    return oracles.im2col(x, (z.KH, z.KW), (z.OH, z.OW), z.stride, z.padding, z.dilation)


def require_numba_cuda():
    """Skip without the package numba-cuda, or with one that this NumPy is too new for."""
    if importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("the package numba-cuda is not installed (pip install 'minicnn[cuda13]')")
    skip_if_too_old_for_numpy()


def skip_if_too_old_for_numpy():
    if importlib.util.find_spec("numba_cuda") is None:
        return
    installed = tuple(map(int, version("numba-cuda").split(".")[:2]))
    if installed <= (0, 30) and tuple(map(int, np.__version__.split(".")[:2])) >= (2, 5):
        pytest.skip("numba-cuda up to 0.30 uses numpy.row_stack, which NumPy 2.5 no longer has")


# --- launch shapes and arguments -------------------------------------------------------------------


def test_blocks_cover_the_work_and_stay_below_the_most():
    for work in (1, 255, 256, 257, 10**6):
        blocks = launch.blocks(work)
        assert (blocks - 1) * launch.THREADS < work <= blocks * launch.THREADS
    assert launch.blocks(10**12) == launch.MOST_BLOCKS
    assert launch.THREADS % 32 == 0


def test_a_struct_is_one_element_of_ints_in_the_order_given():
    value = launch.struct(H=3, W=-4)
    assert value.size == 1  # what CuPy passes by value
    assert value.tobytes() == np.array([3, -4], np.int32).tobytes()
    with pytest.raises(OverflowError):
        launch.struct(H=1 << 31)


def test_the_struct_of_im2col_has_the_fields_of_the_cu_file(monkeypatch):
    started = []
    functions = {"float32": lambda *args: started.append(args)}
    monkeypatch.setattr(gpu_cupy, "FUNCTIONS", functions)
    z = im2col.Sizes(2, 3, 5, 6, 3, 2, 4, 7, (1, 2), (3, 0), (1, 2), np.dtype("float32"))
    gpu_cupy.plan(z).run(["columns"], ["x"], None)
    ((work, *arrays, geometry),) = started
    assert (work, arrays) == (2 * 3 * 4 * 7, ["x", "columns"])
    fields = re.search(r"struct Geometry \{.*?int (.*?);", gpu_cupy.FILE.read_text(), re.S).group(1).split(", ")
    assert geometry.dtype.names == tuple(fields)
    assert geometry.tolist() == [(6, 5, 6, 3, 2, 4, 7, 1, 2, 3, 0, 1, 2)]


def test_a_function_is_loaded_at_its_first_launch_and_once(monkeypatch):
    loaded, started = [], []

    class Module:
        def get_function(self, name):
            loaded.append(name)
            return lambda grid, block, args: started.append((grid, block, args))

    monkeypatch.setattr(launch, "_module", lambda file: Module())
    function = launch.CudaFunction(Path("some.cu"), "some_name")
    assert loaded == []
    for work in (1000, 1, 0):  # no work, no launch
        function(work, "x", "y")
    assert loaded == ["some_name"]
    assert started == [((4,), (256,), ("x", "y")), ((1,), (256,), ("x", "y"))]


def test_what_the_gpu_backends_leave_to_others():
    if importlib.util.find_spec("numba.cuda") is None:
        pytest.skip("this Numba has no numba.cuda, and numba-cuda is not installed")
    skip_if_too_old_for_numpy()
    from minicnn.kernels.im2col import gpu_numba

    halves = im2col.Sizes(1, 1, 4, 4, 2, 2, 3, 3, (1, 1), (0, 0), (1, 1), np.dtype("float16"))
    huge = halves._replace(dtype=np.dtype("float32"), H=1 << 16, W=1 << 16)
    assert gpu_cupy.plan(halves) is None
    assert gpu_numba.plan(halves) is None
    assert gpu_cupy.plan(huge) is None
    assert gpu_numba.plan(huge) is not None


def test_the_options_change_with_every_cuda_source(monkeypatch, tmp_path):
    for name, text in (("a.cu", "one"), ("b.cuh", "two")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(launch, "_root", tmp_path)
    before = launch.options.__wrapped__()
    assert before == launch.options.__wrapped__()
    (tmp_path / "b.cuh").write_text("three")
    after = launch.options.__wrapped__()
    assert before != after
    assert before[:2] == after[:2] == ("-std=c++17", f"-I{tmp_path}")


@pytest.mark.parametrize("kernel", dispatch.names())
def test_a_kernel_has_a_gpu_version_or_says_that_it_has_none(kernel):
    files = {path.stem for path in (ROOT / "kernels" / kernel).glob("gpu_*.py")}
    if files:
        assert {f"gpu_{name}" for name in dispatch.backends(kernel, "gpu")} == files
    else:
        with pytest.raises(
            LookupError, match=rf"kernel '{kernel}' has no GPU version yet: bring its arrays to the CPU"
        ):
            dispatch.backends(kernel, "gpu")


# --- the .cu files ---------------------------------------------------------------------------------


def test_there_is_a_cu_file_for_every_cupy_backend():
    folders = {path.parent.name for path in CUDA_FILES}
    assert "im2col" in folders
    for kernel in dispatch.names():
        assert (kernel in folders) <= ((ROOT / "kernels" / kernel / "gpu_cupy.py").is_file())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("file", CUDA_FILES, ids=lambda file: file.stem)
def test_nvrtc_compiles(file, architecture):
    if importlib.util.find_spec("cuda") is None or importlib.util.find_spec("cuda.bindings") is None:
        pytest.skip("no NVRTC: the package cuda-bindings is not installed (pip install 'minicnn[cuda13]')")
    from cuda.bindings import nvrtc

    try:
        status, program = nvrtc.nvrtcCreateProgram(file.read_bytes(), file.name.encode(), 0, None, None)
    except (RuntimeError, OSError) as error:  # the bindings are here, the library is not
        pytest.skip(f"no NVRTC: {error}")
    assert status == nvrtc.nvrtcResult.NVRTC_SUCCESS
    options = [
        *launch.options(),
        "-ftz=true",
        f"--gpu-architecture=sm_{architecture}",
        "-Werror",
        "all-warnings",
    ]
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    _, size = nvrtc.nvrtcGetProgramLogSize(program)
    log = b" " * max(size, 2)  # NVRTC writes into it, and a single b" " is the object that all of Python shares
    nvrtc.nvrtcGetProgramLog(program, log)
    assert status == nvrtc.nvrtcResult.NVRTC_SUCCESS, log.decode()
    _, size = nvrtc.nvrtcGetCUBINSize(program)
    cubin = b" " * size
    nvrtc.nvrtcGetCUBIN(program, cubin)
    for name in re.findall(r'extern "C" __global__ void (\w+)', file.read_text()):
        assert name.encode() in cubin, "Python asks for this name"


@pytest.fixture(scope="module")
def im2col_on_the_cpu():
    """A stand-in for launch.CudaFunction that runs im2col.cu on NumPy arrays, in blocks of 32 threads."""
    if shim.why_not() is not None:
        pytest.skip(shim.why_not())
    library = shim.compiled(gpu_cupy.FILE.read_text(), (), launch.options())

    def function(name, blocks=None):
        return lambda work, *args: library.launch(name, (blocks or -(-work // 32),), (32,), args)

    return function


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("blocks", [None, 1, 3], ids=["a_thread_each", "one_block", "three_blocks"])
def test_the_arithmetic_of_im2col_cu(im2col_on_the_cpu, monkeypatch, rng, dtype, blocks):
    monkeypatch.setattr(gpu_cupy, "FUNCTIONS", {dtype: im2col_on_the_cpu(f"im2col_{dtype}", blocks)})
    for _ in range(30):
        z = random_sizes(rng, dtype)
        x = rng.standard_normal(z.x_shape).astype(dtype)
        columns = np.full(z.columns_shape, np.nan, dtype)
        gpu_cupy.plan(z).run([columns], [x], None)
        assert np.array_equal(columns, expected(x, z)), z


# --- Numba-CUDA ------------------------------------------------------------------------------------


def python(code, tmp_path, **environment):
    """Run code in a new Python: Numba reads NUMBA_ENABLE_CUDASIM when it is imported."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": paths, "MINICNN_CACHE": str(tmp_path), **environment},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_the_arithmetic_of_the_numba_kernel_in_the_simulator(tmp_path, rng):
    skip_if_too_old_for_numpy()
    seed = int(rng.integers(1 << 30))
    code = f"""
        import types
        import numpy as np
        from numba import cuda
        from test_gpu_without_gpu import expected, random_sizes
        from minicnn.kernels import launch
        from minicnn.kernels.im2col import gpu_numba

        # the simulator has no streams, takes NumPy arrays, and is part of Numba as well as of numba-cuda
        launch._numba_cuda = lambda: (cuda, types.SimpleNamespace(CACHE_DIR=""))
        launch.current_stream = lambda: 0
        launch.numba_view = lambda array: array
        launch.THREADS = 32
        rng = np.random.default_rng({seed})
        for most in (3, 1 << 16):
            launch.MOST_BLOCKS = most
            for dtype in ("float32", "float64"):
                for _ in range(3):
                    z = random_sizes(rng, dtype, 4)
                    x = rng.standard_normal(z.x_shape).astype(dtype)
                    columns = np.full(z.columns_shape, np.nan, dtype)
                    gpu_numba.plan(z).run([columns], [x], None)
                    assert np.array_equal(columns, expected(x, z)), z
        print("right")
    """
    here = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)])
    done = python(code, tmp_path, NUMBA_ENABLE_CUDASIM="1", PYTHONPATH=here)
    assert done.stdout == "right\n", done.stderr


def test_the_numba_kernel_compiles_to_ptx(tmp_path):
    require_numba_cuda()
    code = f"""
        from numba import cuda, types
        from minicnn.kernels.im2col import gpu_numba

        for architecture in {ARCHITECTURES}:
            for number in (types.float32, types.float64):
                arguments = types.void(number[::1], number[::1], types.UniTuple(types.int64, 13))
                cc = divmod(architecture, 10)
                ptx, _ = cuda.compile_ptx(gpu_numba.im2col.function, arguments, cc=cc)
                assert f".target sm_{{architecture}}" in ptx
                assert ".entry" in ptx and "im2col" in ptx
                print(architecture, number)
    """
    done = python(code, tmp_path)
    assert done.stdout.split("\n")[:-1] == [f"{a} float{bits}" for a in ARCHITECTURES for bits in (32, 64)], done.stderr


def test_the_numba_kernel_is_cached_in_our_folder(tmp_path):
    require_numba_cuda()
    code = """
        from minicnn.kernels import compiled
        from minicnn.kernels.im2col import gpu_numba
        from numba.cuda.core import config

        before = config.CACHE_DIR
        path = gpu_numba.im2col.dispatcher._cache._impl.locator.get_cache_path()
        assert path.startswith(str(compiled.cache_folder())), path
        assert config.CACHE_DIR == before
        print("ours")
    """
    done = python(code, tmp_path)
    assert done.stdout == "ours\n", done.stderr


def test_without_numba_cuda_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba_cuda", None)
    monkeypatch.setattr(launch, "_numba_cuda", launch._numba_cuda.__wrapped__)  # not what it remembers
    kernel = launch.numba_kernel(lambda x: None)  # decorating asks for nothing yet
    with pytest.raises(ImportError, match=r"needs the package numba-cuda: pip install 'minicnn\[cuda13\]'"):
        kernel(1, "x")
