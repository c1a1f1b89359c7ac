"""What can be known about the GPU code on a machine without a GPU.

It compiles for the architectures in use, the .cu files by NVRTC and the Numba kernels to PTX, and the Python side
starts it as it should. What it computes is tested by the contract tests on a simulated GPU (contract.py); what is left
for a real one is test_gpu.py.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from simulated_gpu import report, shim

from minicnn.kernels import dispatch, im2col, launch
from minicnn.kernels.im2col import gpu_cupy

ROOT = Path(__file__).parents[2]
CUDA_FILES = sorted((ROOT / "kernels").rglob("*.cu"))
ARCHITECTURES = (75, 80, 90, 100)  # Turing, Ampere, Hopper, Blackwell
HOPPER = 90


def require_numba_cuda():
    """Skip without the package numba-cuda."""
    if importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("the package numba-cuda is not installed (pip install 'minicnn[cuda13]')")


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
    from minicnn.kernels.im2col import gpu_numba

    huge = im2col.Sizes(1, 1, 1 << 16, 1 << 16, 2, 2, 3, 3, (1, 1), (0, 0), (1, 1), np.dtype("float32"))
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
def test_every_kernel_has_both_gpu_versions(kernel):
    assert set(dispatch.backends(kernel, "gpu")) >= {"cupy", "numba"}


def test_a_kernel_without_a_gpu_version_says_so(monkeypatch):
    monkeypatch.setitem(dispatch.BACKENDS, "gpu", ())
    with pytest.raises(LookupError, match=r"kernel 'im2col' has no GPU version yet: bring its arrays to the CPU"):
        dispatch.backends("im2col", "gpu")


# --- the .cu files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("file", CUDA_FILES, ids=lambda file: file.stem)
def test_nvrtc_compiles(file):
    """To PTX, and for one architecture on to machine code, where registers are counted."""
    if importlib.util.find_spec("cuda") is None or importlib.util.find_spec("cuda.bindings") is None:
        pytest.skip("no NVRTC: the package cuda-bindings is not installed (pip install 'minicnn[cuda13]')")
    names = shim.names(file.read_text(), launch.options())
    assert names
    for architecture in ARCHITECTURES:
        to_the_end = architecture == HOPPER
        code, log = nvrtc_compiled(file, f"{'sm' if to_the_end else 'compute'}_{architecture}")
        for name in names:
            assert name.encode() in code, "Python asks for this name"
            report.done["nvrtc"].add((name, f"sm_{architecture}"))
        if to_the_end and file.parent.name in ("conv2d", "gemm"):  # as many sums in registers as there is room for
            spilled = re.findall(r"(\d+) bytes spill", log)
            assert spilled, "the log no longer says what spills"
            assert set(spilled) == {"0"}, log


def nvrtc_compiled(file, target):
    """What NVRTC makes of a .cu file for compute_NN (PTX) or sm_NN (machine code), and its log."""
    from cuda.bindings import nvrtc

    try:
        status, program = nvrtc.nvrtcCreateProgram(file.read_bytes(), file.name.encode(), 0, None, None)
    except (RuntimeError, OSError) as error:  # the bindings are here, the library is not
        pytest.skip(f"no NVRTC: {error}")
    assert status == nvrtc.nvrtcResult.NVRTC_SUCCESS
    options = [*launch.options(), "-ftz=true", f"--gpu-architecture={target}", "-Werror", "all-warnings"]
    if target.startswith("sm_"):
        options.append("--ptxas-options=-v")  # the log then has what each kernel takes of the machine
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    log = filled(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program).decode()
    assert status == nvrtc.nvrtcResult.NVRTC_SUCCESS, log
    if target.startswith("sm_"):
        code = filled(nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, program)
    else:
        code = filled(nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX, program)
    nvrtc.nvrtcDestroyProgram(program)
    return code, log


def filled(size, fill, program):
    """The bytes that two functions of NVRTC tell of a program: how many, and which."""
    _, count = size(program)
    room = b" " * max(count, 2)  # NVRTC writes into it, and a single b" " is the object that all of Python shares
    fill(program, room)
    return room


# --- Numba-CUDA ------------------------------------------------------------------------------------


def python(command, folder, **environment):
    """Run Python anew: Numba reads NUMBA_ENABLE_CUDASIM when it is imported."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=900,
        env={**inherited, "PYTHONPATH": paths, "MINICNN_CACHE": str(folder), **environment},
    )  # fmt: skip


@pytest.fixture(scope="session")
def launches(tmp_path_factory):
    """(module, kernel, types of its arguments) of every launch that the contract tests make of Numba's kernels: by
    those that ran before (.ci/run), else by running them now, in the simulator."""
    require_numba_cuda()
    folder = Path(os.environ.get(report.FOLDER) or tmp_path_factory.mktemp("report"))
    if not report.read(folder)["simulated"]:
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "gpu and numba", str(Path(__file__).parent)]
        command.append("--ignore-glob=*/test_gpu*")
        environment = {"MINICNN_TEST_GPU": "simulated", report.FOLDER: str(folder)}
        done = python(command, tmp_path_factory.mktemp("cache"), **environment)
        assert done.returncode == 0, done.stdout + done.stderr
    return report.read(folder)["simulated"]


@pytest.mark.slow
def test_the_contracts_in_the_simulator(launches):
    """Every kernel of every gpu_numba.py was started, so its results were compared with the oracles."""
    files = (ROOT / "kernels").glob("*/gpu_numba.py")
    started = {(module.split(".")[-2], name) for module, name, _ in launches}
    for file in files:
        names = re.findall(r"^@launch\.numba_kernel\ndef (\w+)", file.read_text(encoding="utf-8"), re.M)
        assert {(file.parent.name, name) for name in names} <= started


@pytest.mark.slow
def test_numba_kernels_compile_to_ptx(launches, tmp_path):
    """For the oldest architecture: newer ones take its PTX."""
    architecture = ARCHITECTURES[0]
    wanted = tmp_path / "launches.json"
    wanted.write_text(json.dumps(sorted(launches)), encoding="utf-8")
    done = python(["-W", "ignore", str(Path(__file__).with_name("ptx.py")), str(architecture), str(wanted)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(launches), done.stderr
    report.done["ptx"] |= {(*launch, f"sm_{architecture}") for launch in launches}


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
    done = python(["-c", textwrap.dedent(code)], tmp_path)
    assert done.stdout == "ours\n", done.stderr


def test_numba_compiles_beside_a_numpy_without_row_stack(tmp_path):
    """NumPy 2.5 dropped it, and numba-cuda 0.30 asks for it."""
    require_numba_cuda()
    code = """
        import numpy as np

        if hasattr(np, "row_stack"):
            del np.row_stack
        from minicnn.kernels import launch

        cuda, _ = launch._numba_cuda()
        assert not hasattr(np, "row_stack")
        def add_one(x):
            x[cuda.grid(1)] += 1
        print(".entry" in cuda.compile_ptx(add_one, (cuda.types.float32[::1],), cc=(9, 0))[0])
    """
    done = python(["-W", "error", "-c", textwrap.dedent(code)], tmp_path)
    assert done.stdout == "True\n", done.stderr


def test_without_numba_cuda_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba_cuda", None)
    monkeypatch.setattr(launch, "_numba_cuda", launch._numba_cuda.__wrapped__)  # not what it remembers
    kernel = launch.numba_kernel(lambda x: None)  # decorating asks for nothing yet
    with pytest.raises(ImportError, match=r"needs the package numba-cuda: pip install 'minicnn\[cuda13\]'"):
        kernel(1, "x")
