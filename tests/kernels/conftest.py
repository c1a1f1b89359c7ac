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


def pytest_addoption(parser):
    parser.addoption("--one-of-each", action="store_true", help="of a test that backends have, one case for each")


def pytest_collection_modifyitems(config, items):
    """Kernels on the GPU give plain arrays: no test asks for another order there."""
    items[:] = [item for item in items if not _asks_a_gpu_for_batches_last(item)]
    if config.getoption("--one-of-each"):
        firsts = {}
        for item in items:
            name, backend = item.nodeid, _backend_of(item)
            firsts.setdefault((name.partition("[")[0], backend) if backend else name, item)
        items[:] = firsts.values()


def _backend_of(item):
    chosen = getattr(item, "callspec", None)
    return None if chosen is None else chosen.params.get("backend")


def _asks_a_gpu_for_batches_last(item):
    chosen = getattr(item, "callspec", None)
    if chosen is None or "gpu" not in str(chosen.params.get("backend")):
        return False
    return chosen.params.get("order") == BATCH_LAST  # `orders`, of a product's matrices, may be any on a GPU, too
