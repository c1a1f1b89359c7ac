"""Rows and channels so long, or so many, that the threads of a block, or several blocks, share them; and the element
types that only the GPU's pooling takes: against the NumPy reference, whose contract is tested elsewhere."""

import doctest

import numpy as np
import pytest
from contract import PLAIN, close, each_float, gpu_backends, run, some

from minicnn.kernels import batch_norm, launch, nll, pool2d, softmax, softmax_cross_entropy, teams

if not gpu_backends():
    pytest.skip("no GPU, and none is simulated", allow_module_level=True)

each_backend = pytest.mark.parametrize("gpu", gpu_backends())


def compared(gpu, kernel, z, *ins, terms=1, updated=()):
    """The outputs, after they have been found to be those of the reference."""
    got, expected = (run(backend, kernel, z, *ins, updated=updated) for backend in (gpu, "numpy"))
    for mine, right in zip(got, expected, strict=True):
        close(mine, right, terms)
    return got


def test_the_examples_of_teams():
    assert doctest.testmod(teams).failed == 0


def test_every_team_has_whole_rows():
    for length in (1, 32, 33, 1024, 1025, 10**6):
        for side_by_side in (False, True):
            team = teams.team(length, side_by_side)
            assert team.rows * team.members == launch.THREADS
            assert team.blocks(team.rows + 1) == 2
            assert team.blocks(10**9, 7) == 7


@each_backend
@each_float
@pytest.mark.parametrize("log", [False, True])
def test_softmax(gpu, rng, dtype, log):
    for shape in some(gpu, [(2, 40, 1), (2, 300, 3), (1, 1100, 1), (2, 300, 40)], 2):
        x, g = (3 * rng.standard_normal((2, np.prod(shape)))).astype(dtype)
        z = softmax.Sizes("forward", log, *shape, dtype)
        (y,) = compared(gpu, "softmax", z, x, terms=16)
        compared(gpu, "softmax", z._replace(direction="backward"), g, y, terms=shape[1])


@each_backend
@each_float
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_losses_of_many_rows(gpu, rng, dtype, reduction):
    for N, classes in some(gpu, [(40, 33), (2, 1100), (600, 3), (600, 40)], 1):
        x = (3 * rng.standard_normal((N, classes))).astype(dtype)
        target, grad = rng.integers(0, classes, N), rng.standard_normal(N if reduction == "none" else 1).astype(dtype)
        target[rng.random(N) < 0.2] = 1
        z = softmax_cross_entropy.Sizes("forward", N, classes, dtype, PLAIN, 1, reduction)
        _, p, total = compared(gpu, "softmax_cross_entropy", z, x, target, terms=N)
        compared(gpu, "softmax_cross_entropy", z._replace(direction="input"), p, target, grad, total)
        weight = rng.uniform(0.5, 2, classes).astype(dtype)
        for smoothing in (0.0, 0.3):
            z = nll.Sizes("forward", N, classes, dtype, PLAIN, 1, reduction, True, smoothing)
            _, total = compared(gpu, "nll", z, x, target, weight, terms=N)
            compared(gpu, "nll", z._replace(direction="input"), grad, target, total, weight)


@each_backend
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_losses_of_no_rows(gpu, reduction):
    x, target = np.zeros((0, 3), np.float32), np.zeros(0, np.int64)
    expected = [0, 1] if reduction == "sum" else [np.nan, np.nan]
    for kernel, sizes in (("softmax_cross_entropy", softmax_cross_entropy.Sizes), ("nll", nll.Sizes)):
        total = run(gpu, kernel, sizes("forward", 0, 3, x.dtype, PLAIN, -100, reduction), x, target)[-1]
        np.testing.assert_array_equal(total, expected)


@each_backend
def test_targets_that_are_no_class_read_nothing_outside(gpu):
    x, target = np.zeros((4, 3), np.float32), np.array([0, 3, -1, 2])
    z = nll.Sizes("forward", 4, 3, x.dtype, PLAIN, -100, "mean", False, 0.1)
    loss, total = run(gpu, "nll", z, x, target)
    assert np.isnan(loss).tolist() == [False, True, True, False]
    (dx,) = run(gpu, "nll", z._replace(direction="input"), np.ones(1, x.dtype), target, total)
    assert np.isnan(dx).any(axis=1).tolist() == [False, True, True, False]


@each_backend
@each_float
def test_batch_norm_in_slices(gpu, rng, dtype):
    for shape in some(gpu, [(70, 9), (700, 40), (3, 2, 71, 41), (90, 9, 5), (0, 3, 2)], 1):
        C, m = shape[1], shape[0] * int(np.prod(shape[2:]))
        x, g = (100 + rng.standard_normal((2, *shape))).astype(dtype)
        weight, bias, mean, var = rng.uniform(0.5, 2, (4, C)).astype(dtype)
        z = batch_norm.Sizes("forward", shape, dtype, PLAIN, ("weight", "bias"), True, -1.0, True, 1e-5)
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = run("numpy", "batch_norm", z, x, weight, bias, updated=(mean, var, np.array([4])))
        got = run(gpu, "batch_norm", z, x, weight, bias, updated=(mean, var, np.array([4])))
        far = (
            3e-5 if dtype == np.float32 else 1e-12
        )  # of numbers around 100, a float32 knows four digits behind the point
        for mine, right in zip(got, expected, strict=True):
            np.testing.assert_allclose(mine, right, rtol=far, atol=far)
        z = z._replace(direction="backward")
        for mine, right in zip(
            *(run(backend, "batch_norm", z, g, x, *expected[1:3], weight) for backend in (gpu, "numpy")), strict=True
        ):
            np.testing.assert_allclose(mine, right, rtol=10 * far, atol=far * max(m, 1) ** 0.5)


@each_backend
@pytest.mark.parametrize(
    ("kind", "name"), [("avg", "int64"), *(("max", name) for name in ("int64", "int32", "int16", "int8", "uint8"))]
)
def test_pooling_of_whole_numbers(gpu, rng, kind, name):
    z = pool2d.Sizes(kind, "forward", 2, 3, 7, 6, 3, 2, 3, 4, (2, 2), (1, 1), (1, 1), np.dtype(name), PLAIN)
    x = rng.integers(-100 if z.dtype.kind == "i" else 0, 100, z.x_shape).astype(name)
    z = z._replace(divisor=1) if kind == "avg" else z
    for mine, right in zip(*(run(backend, "pool2d", z, x) for backend in (gpu, "numpy")), strict=True):
        assert np.array_equal(mine, right)


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pooling_of_halves(rng, kind):
    """Their sums are float32, and rounded once."""
    z = pool2d.Sizes(kind, "forward", 2, 3, 7, 6, 3, 2, 3, 4, (2, 2), (1, 1), (1, 1), np.dtype("float16"), PLAIN)
    x, g = rng.standard_normal(z.x_shape).astype(z.dtype), rng.standard_normal(z.y_shape).astype(z.dtype)
    y, *argmax = run("gpu cupy", "pool2d", z, x)
    back = z._replace(direction="input", epilogue=("tanh",))
    (dx,) = run("gpu cupy", "pool2d", back, g, *argmax, x)
    z, back = (sizes._replace(dtype=np.dtype("float32")) for sizes in (z, back))
    x, g = x.astype(np.float32), g.astype(np.float32)
    expected, *places = run("numpy", "pool2d", z, x)
    (slopes,) = run("numpy", "pool2d", back, g, *places, x)
    for mine, right in ((y, expected), (dx, slopes)):
        assert mine.dtype == np.float16
        np.testing.assert_allclose(mine.astype(np.float32), right, rtol=1.5 * 2**-11, atol=1e-6)
    if argmax:
        assert np.array_equal(argmax[0], places[0])
