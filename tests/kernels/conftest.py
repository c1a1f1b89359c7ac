"""Kernels are tested with every backend that this process can run: the CPU's, and the GPU's where there is a GPU,
real or simulated (MINICNN_TEST_GPU=simulated)."""

import pytest
from contract import BATCH_LAST, gpu_backends, preferred


@pytest.fixture(params=["numpy", "numba", *gpu_backends()])
def backend(request):
    """The test runs once with each backend preferred; the value is its name (contract.py explains it)."""
    with preferred(request.param):
        yield request.param


@pytest.fixture(params=["numpy", "numba"])
def cpu_backend(request):
    """As `backend`, for what there is on the CPU only."""
    with preferred(request.param):
        yield request.param


def pytest_collection_modifyitems(items):
    """Arrays on the GPU are always plain: no test asks for another order there."""
    items[:] = [item for item in items if not _asks_for_batches_last_on_a_gpu(item)]


def _asks_for_batches_last_on_a_gpu(item):
    chosen = getattr(item, "callspec", None)
    return chosen is not None and BATCH_LAST in chosen.params.values() and "gpu" in str(chosen.params.get("backend"))
