"""What every test may ask for. The environment is set here, before anything imports NumPy or Numba."""

import importlib.util
import os
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MINICNN_COMPILE_ALONE", "1")  # tests that compile do so in caches that vanish
os.environ.setdefault("MINICNN_QUIET", "1")  # the line about compiling would land in some test's stderr
if "PYTEST_XDIST_WORKER" in os.environ:  # the processes share the processors: one thread each
    for name in ("MINICNN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
if os.environ.get("MINICNN_TEST_GPU") == "simulated":  # a stand-in for CuPy, in processes that tests start, too
    if os.environ.get("MINICNN_TEST_CUDA") != "ptx":  # which wants Numba's compiler
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
    folder = str(Path(__file__).parent / "simulated_gpu")
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
if importlib.util.find_spec("minicnn") is None:  # an uninstalled checkout
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pytest

import minicnn
from minicnn import backend as devices
from minicnn import kernels

if os.environ.get("MINICNN_TEST_GPU") == "simulated":
    from simulated_gpu import simulator

    simulator.install(ptx=os.environ.get("MINICNN_TEST_CUDA") == "ptx")


def pytest_addoption(parser):
    parser.addoption(
        "--device", choices=("cpu", "cuda"), default="cpu",
        help="where tests that ask for the fixture `device` put their tensors: cpu, or cuda (a GPU, or one that "
        "MINICNN_TEST_GPU=simulated simulates)",
    )  # fmt: skip


def pytest_configure(config):
    if config.getoption("--device") == "cuda" and devices.why_no_gpu() is not None:
        reason = f"--device cuda: {devices.why_no_gpu()}. MINICNN_TEST_GPU=simulated simulates a GPU"
        pytest.exit(reason, pytest.ExitCode.USAGE_ERROR)


def pytest_sessionfinish():
    from simulated_gpu import report

    report.write()


@pytest.fixture(scope="session")
def device(pytestconfig):
    """Where the test's tensors are to live: "cpu", or "cuda" with --device cuda."""
    return pytestconfig.getoption("--device")


@pytest.fixture
def on_device(request, device):
    """The test makes its tensors where --device says; what a GPU would draw, the CPU's generator draws."""
    chosen = getattr(request.node, "callspec", None)
    if device != "cpu" and chosen is not None and chosen.params.get("backend") == "numba":
        pytest.skip("of the CPU's backends one is enough where neither is used")
    with minicnn.device(device), minicnn.cuda.random.use("host"):
        yield device


@pytest.fixture
def of_the_cpu(device):
    """The test is of something that only the CPU has."""
    if device != "cpu":
        pytest.skip("of the CPU")


@pytest.fixture
def rng():
    """Random numbers, new in every run; a failing test shows the seed, MINICNN_TEST_SEED brings it back."""
    seed = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().generate_state(1)[0])
    print(f"MINICNN_TEST_SEED={seed}")
    return np.random.default_rng(seed)


@pytest.fixture(params=["numpy", "numba"])
def backend(request):
    """The test runs once with each CPU backend preferred; the value is its name."""
    with kernels.use(request.param):
        yield request.param


@pytest.fixture
def threads():
    """A function that sets the number of kernel threads; the old number comes back after the test."""
    from minicnn.kernels import threads

    before = threads.get_num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)
