"""On a real GPU: each GPU backend of each kernel that has one, against the NumPy reference on the CPU."""

import warnings

import numpy as np
import pytest

from minicnn import backend as devices
from minicnn import kernels
from minicnn.kernels import im2col, launch

pytestmark = pytest.mark.skipif(devices.why_no_gpu() is not None, reason=str(devices.why_no_gpu()))


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


def random_sizes(rng, dtype):
    N, C, H, W, KH, KW, OH, OW = (int(n) for n in rng.integers(1, [6, 6, 20, 20, 6, 6, 20, 20]))
    stride, padding, dilation = (tuple(map(int, rng.integers(low, 4, 2))) for low in (1, 0, 1))
    return im2col.Sizes(N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, np.dtype(dtype))


def on_the_cpu(kernel, sizes, *ins):
    with kernels.use("numpy"):
        return kernels.run(kernel, sizes, *ins)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_im2col(gpu_backend, rng, dtype):
    import cupy

    for _ in range(30):
        z = random_sizes(rng, dtype)
        x = rng.standard_normal(z.x_shape).astype(dtype)
        with kernels.record() as used:
            (columns,) = kernels.run("im2col", z, cupy.asarray(x))
        assert [(u.kernel, u.device, u.backend) for u in used] == [("im2col", "gpu", gpu_backend)]
        (expected,) = on_the_cpu("im2col", z, x)
        assert np.array_equal(columns.get(), expected), z


def test_more_work_than_threads(gpu_backend):
    """Threads take several windows each when there are more than MOST_BLOCKS blocks of them."""
    import cupy

    z = im2col.Sizes(5, 4, 1000, 1000, 1, 2, 1000, 1000, (1, 1), (0, 1), (1, 1), np.dtype("float32"))
    assert launch.THREADS * launch.MOST_BLOCKS < 5 * 4 * 1000 * 1000
    x = cupy.arange(20_000_000, dtype="float32").reshape(z.x_shape)
    (columns,) = kernels.run("im2col", z, x)
    columns = columns.reshape(5, 4, 2, 1000, 1000)
    assert (columns[:, :, 1] == x).all()
    assert (columns[:, :, 0, :, 1:] == x[..., :-1]).all()
    assert not columns[:, :, 0, :, 0].any()


def test_a_launch_goes_to_the_current_stream_and_into_a_graph(gpu_backend, rng):
    """Captured once, replayed on other numbers: so it allocates nothing and waits for nothing."""
    import cupy

    z = im2col.Sizes(2, 3, 8, 8, 3, 3, 8, 8, (1, 1), (1, 1), (1, 1), np.dtype("float32"))
    plan = kernels.plan("im2col", z, "gpu")
    x, columns = cupy.zeros(z.x_shape, "float32"), cupy.empty(z.columns_shape, "float32")
    scratch = cupy.empty(plan.scratch_bytes, "uint8")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        plan.run([columns], [x], scratch)  # compiles
        stream.synchronize()
        stream.begin_capture()
        plan.run([columns], [x], scratch)
        graph = stream.end_capture()
        host = rng.standard_normal(z.x_shape).astype("float32")
        x.set(host)
        columns.fill(cupy.nan)
        graph.launch(stream)
        stream.synchronize()
    assert np.array_equal(columns.get(), on_the_cpu("im2col", z, host)[0])


def test_arrays_without_numbers(gpu_backend):
    import cupy

    z = im2col.Sizes(0, 3, 8, 8, 3, 3, 8, 8, (1, 1), (1, 1), (1, 1), np.dtype("float32"))
    (columns,) = kernels.run("im2col", z, cupy.empty(z.x_shape, "float32"))
    assert columns.shape == z.columns_shape
