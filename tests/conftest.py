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
    folder = str(Path(__file__).parent / "simulated_gpu")
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
if importlib.util.find_spec("minicnn") is None:  # an uninstalled checkout
    sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pytest

from minicnn import kernels


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
