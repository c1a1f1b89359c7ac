"""Element by element, float16 and bfloat16 on the GPU are float32 rounded once, to the last bit."""

import importlib.util

import numpy as np
import pytest
from contract import PLAIN, gpu_backends, run
from test_activation import PARAMETERS
from test_elementwise_loss import LOSSES
from test_optimizer_step import HYPER, numbers, states_of

from minicnn.kernels import activation, dropout, elementwise_loss, optimizer_step, resample

BACKEND = "gpu cupy"
pytestmark = pytest.mark.skipif(BACKEND not in gpu_backends(), reason="no GPU, and none is simulated")
SINGLE = np.dtype("float32")


@pytest.fixture(params=["float16", "bfloat16"])
def dtype(request):
    """The types of two bytes; NumPy has bfloat16 from ml_dtypes."""
    if request.param == "float16":
        return np.dtype("float16")
    if importlib.util.find_spec("ml_dtypes") is None:
        pytest.skip("ml_dtypes is not installed")
    import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16)


def same(kernel, sizes, dtype, *ins, updated=()):
    """The first output in both types, compared."""
    ins = [array.astype(dtype) if array.dtype == SINGLE else array for array in ins]
    (got, *_) = run(BACKEND, kernel, sizes._replace(dtype=dtype), *ins, updated=updated)
    ins = [array.astype(SINGLE) if array.dtype == dtype else array for array in ins]
    (wide, *_) = run(BACKEND, kernel, sizes._replace(dtype=SINGLE), *ins, updated=updated)
    assert got.dtype == dtype
    assert np.array_equal(got, wide.astype(dtype), equal_nan=dtype.kind == "f")


def exact(numbers, dtype):
    """Numbers of float32 that `dtype` has, too."""
    return np.asarray(numbers).astype(dtype).astype(SINGLE)


@pytest.mark.parametrize("function", [*activation.FROM_OUTPUT, *activation.FROM_INPUT])
def test_activation(rng, dtype, function):
    x, g = exact(3 * rng.standard_normal((2, 1003)), dtype)
    z = activation.Sizes(function, "forward", x.size, SINGLE, PARAMETERS.get(function, ()))
    same("activation", z, dtype, x)
    same("activation", z._replace(direction="backward"), dtype, g, x)


@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_elementwise_loss(rng, dtype, function, reduction):
    a, b = exact(rng.uniform(0.05, 0.95, (2, 1003)), dtype)
    g = exact(rng.standard_normal(a.size if reduction == "none" else 1), dtype)
    z = elementwise_loss.Sizes(function, "forward", a.size, SINGLE, reduction, 0.5)
    same("elementwise_loss", z, dtype, a, b)
    same("elementwise_loss", z._replace(direction="backward"), dtype, g, a, b)


@pytest.mark.parametrize("features", [False, True])
def test_dropout(rng, dtype, features):
    x, keep = exact(rng.standard_normal((5, 7, 3)), dtype), rng.integers(0, 2, (5, 7)[: 2 * features] or (5, 7, 3))
    z = dropout.Sizes("forward", x.shape, SINGLE, PLAIN, 0.5, features, "philox")  # 1 / (1 - p) is exact
    same("dropout", z, dtype, x, updated=[np.array([1, 2], np.uint64)])
    same("dropout", z._replace(direction="backward"), dtype, x, keep.astype(np.uint8))


@pytest.mark.parametrize("adjoint", [False, True])
def test_resample(rng, dtype, adjoint):
    rows, columns = resample.Axis("linear", 6, 12, (0.5, 0)), resample.Axis("reflect", 7, 11, (2,))
    z = resample.Sizes(2, 3, rows, columns, adjoint, SINGLE, PLAIN)
    same("resample", z, dtype, exact(rng.standard_normal(z.in_shape), dtype))


def test_what_bools_are_moved_by(rng):
    axis = resample.Axis("circular", 3, 7, (2,))
    x = rng.integers(0, 2, (1, 2, 3, 3)).astype(bool)
    (y,) = run(BACKEND, "resample", resample.Sizes(1, 2, axis, axis, False, x.dtype, PLAIN), x)
    assert y.tobytes() == np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)), "wrap").tobytes()


@pytest.mark.parametrize(("rule", "options"), [("sgd", ("momentum", "nesterov")), ("adam", ("amsgrad",))])
def test_optimizer_step(rng, dtype, rule, options):
    sizes = (1030, 3)
    before = [exact(array, dtype) for array in numbers(rng, SINGLE, sizes, states_of(rule, options))]
    grads, hyper = [exact(rng.standard_normal(size), dtype) for size in sizes], np.array(HYPER[rule])
    z = optimizer_step.Sizes(rule, sizes, SINGLE, options)
    wide = run(BACKEND, "optimizer_step", z, *grads, hyper, updated=before)
    narrow = [[array.astype(dtype) for array in arrays] for arrays in (grads, before)]
    got = run(BACKEND, "optimizer_step", z._replace(dtype=dtype), *narrow[0], hyper, updated=narrow[1])
    for one, other in zip(got, wide, strict=True):
        assert one.tobytes() == other.astype(dtype).tobytes()
