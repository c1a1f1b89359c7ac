"""float16 and bfloat16 on the GPU are float32 rounded once, to the last bit: sums over rows and channels, too."""

import importlib.util
import math

import numpy as np
import pytest
from contract import PLAIN, gpu_backends, run
from test_activation import PARAMETERS
from test_elementwise_loss import LOSSES
from test_optimizer_step import HYPER, numbers, states_of

from minicnn.kernels import (
    activation,
    batch_norm,
    col2im,
    dropout,
    elementwise_loss,
    layer_norm,
    nll,
    optimizer_step,
    resample,
    softmax,
    softmax_cross_entropy,
    tally,
)  # fmt: skip

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


def same(kernel, sizes, dtype, *ins, updated=(), exact=()):
    """All outputs in both types, compared; those of float32, of numbers of two bytes. The inputs whose places are
    `exact` are float32 to both."""
    ins = [a.astype(dtype) if a.dtype == SINGLE and i not in exact else a for i, a in enumerate(ins)]
    before = [a.astype(dtype) if a.dtype == SINGLE else a for a in updated]
    got = run(BACKEND, kernel, sizes._replace(dtype=dtype), *ins, updated=before)
    ins, before = ([a.astype(SINGLE) if a.dtype == dtype else a for a in arrays] for arrays in (ins, before))
    wide = run(BACKEND, kernel, sizes._replace(dtype=SINGLE), *ins, updated=before)
    assert got[0].dtype in (dtype, np.float64), "the first output; tally's is a sum in float64"
    for one, other in zip(got, wide, strict=True):
        assert np.array_equal(one, other.astype(one.dtype), equal_nan=dtype.kind == "f")
    return wide


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


@pytest.mark.parametrize("affine", [(), ("weight", "bias")])
@pytest.mark.parametrize("shape", [(5, 3, 4, 3), (40, 6)])
def test_batch_norm(rng, dtype, shape, affine):
    draw = lambda *shape: exact(rng.standard_normal(shape), dtype)  # noqa: E731
    x, g, weight, bias = draw(*shape), draw(*shape), *draw(2, shape[1])
    running, more = [draw(shape[1]), 1 + abs(draw(shape[1]))], [weight, bias][: len(affine)]
    for from_batch in (True, False):
        z = batch_norm.Sizes(
            "forward", shape, SINGLE, PLAIN, affine, from_batch, 0.1 if from_batch else None, False, 0.01
        )
        given, updated = ([], running) if from_batch else (running, ())
        y, mean, r, *_ = same("batch_norm", z, dtype, x, *more, *given, updated=updated)
        assert y.std() > 0.1
        same("batch_norm", z._replace(direction="backward"), dtype, g, x, mean, r, *more[:1], exact=(2, 3))


@pytest.mark.parametrize("rows", [(6, 40, 1, 1), (6, 4, 5, 2)])
def test_layer_norm(rng, dtype, rows):
    size, weights = rows[0] * rows[1] * rows[2], rows[1] * rows[3]
    x, g = exact(rng.standard_normal((2, size)), dtype)
    weight, bias = exact(rng.standard_normal((2, weights)), dtype)
    z = layer_norm.Sizes("forward", *rows, SINGLE, ("weight", "bias"), 0.01)
    _, mean, r = same("layer_norm", z, dtype, x, weight, bias)
    same("layer_norm", z._replace(direction="backward"), dtype, g, x, mean, r, weight, exact=(2, 3))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", [(7, 10, 1), (3, 300, 1), (2, 5, 6)])
def test_softmax(rng, dtype, log, shape):
    x, g = exact(3 * rng.standard_normal((2, math.prod(shape))), dtype)
    z = softmax.Sizes("forward", log, *shape, SINGLE)
    (y,) = same("softmax", z, dtype, x)
    same("softmax", z._replace(direction="backward"), dtype, g, exact(y, dtype))


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_losses_of_classes(rng, dtype, reduction):
    N, classes = 300, 10
    x, target = exact(3 * rng.standard_normal((N, classes)), dtype), rng.integers(0, classes, N)
    target[3] = -100
    g = exact(rng.standard_normal(N if reduction == "none" else 1), dtype)
    z = softmax_cross_entropy.Sizes("forward", N, classes, SINGLE, PLAIN, -100, reduction)
    _, p, total = same("softmax_cross_entropy", z, dtype, x, target)
    back = [exact(array, dtype) for array in (p, total)]
    same("softmax_cross_entropy", z._replace(direction="input"), dtype, back[0], target, g, back[1])
    weight = exact(rng.uniform(0.5, 2, classes), dtype)
    z = nll.Sizes("forward", N, classes, SINGLE, PLAIN, -100, reduction, True, 0.1)
    _, total = same("nll", z, dtype, x, target, weight)
    same("nll", z._replace(direction="input"), dtype, g, target, exact(total, dtype), weight)


def test_tally(rng, dtype):
    scores, loss = exact(rng.standard_normal((40, 5)), dtype), exact([1.25], dtype)
    scores[3, 2] = scores[4, 4] = np.nan
    labels = rng.integers(0, 5, 40)
    before = [np.array([2.0]), np.array([3])]
    same("tally", tally.Sizes(40, 5, SINGLE), dtype, loss, scores.reshape(-1), labels, updated=before)


def test_col2im(rng, dtype):
    z = col2im.Sizes(2, 3, 6, 5, 3, 2, 4, 4, (1, 1), (0, 0), (1, 1), SINGLE)
    same("col2im", z, dtype, exact(rng.standard_normal(z.columns_shape), dtype))


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
