"""What is there on a GPU only, and too large for a simulated one. The contracts of all kernels are tested there by the
same tests as everywhere (contract.py)."""

import warnings

import numpy as np
import pytest
from contract import SIMULATED, run

from minicnn import backend as devices
from minicnn import kernels
from minicnn.kernels import activation, im2col, launch

pytestmark = pytest.mark.skipif(devices.why_no_gpu() is not None, reason=str(devices.why_no_gpu()))
large = pytest.mark.skipif(SIMULATED, reason="too large for a simulated GPU")
FLOAT = np.dtype("float32")


@pytest.fixture(params=["cupy", "numba"])
def gpu_backend(request):
    """The test runs once with each GPU backend preferred."""
    if request.param == "numba":
        pytest.importorskip("numba_cuda", reason="the package numba-cuda is not installed")
        with warnings.catch_warnings():  # what numba-cuda's own import warns about is not ours to mend
            warnings.simplefilter("ignore")
            import numba.cuda  # noqa: F401
    with kernels.use(request.param):
        yield request.param


@large
def test_more_work_than_threads(gpu_backend):
    """Threads take several windows each when there are more than MOST_BLOCKS blocks of them."""
    import cupy

    z = im2col.Sizes(5, 4, 1000, 1000, 1, 2, 1000, 1000, (1, 1), (0, 1), (1, 1), FLOAT)
    assert launch.THREADS * launch.MOST_BLOCKS < 5 * 4 * 1000 * 1000
    x = cupy.arange(20_000_000, dtype="float32").reshape(z.x_shape)
    (columns,) = kernels.run("im2col", z, x)
    columns = columns.reshape(5, 4, 2, 1000, 1000)
    assert (columns[:, :, 1] == x).all()
    assert (columns[:, :, 0, :, 1:] == x[..., :-1]).all()
    assert not columns[:, :, 0, :, 0].any()


@large
def test_more_numbers_than_an_int_counts():
    import cupy

    size = (1 << 31) + 5
    if cupy.cuda.runtime.memGetInfo()[0] < 3 * size:
        pytest.skip("less than 7 GB of memory are free")
    x = cupy.zeros(size, cupy.uint8)
    x[-1] = 3
    (y,) = kernels.run("activation", activation.Sizes("relu", "forward", size, x.dtype), x)
    assert int(y[-1]) == 3
    assert not y[:-1].any()


def test_arrays_without_numbers(gpu_backend):
    z = im2col.Sizes(0, 3, 8, 8, 3, 3, 8, 8, (1, 1), (1, 1), (1, 1), FLOAT)
    (columns,) = run(f"gpu {gpu_backend}", "im2col", z, np.empty(z.x_shape, FLOAT))
    assert columns.shape == z.columns_shape
