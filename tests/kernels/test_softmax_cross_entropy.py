"""The kernel softmax_cross_entropy against plain loops."""

import math

import numpy as np
import oracles
import pytest
from contract import ORDERS, TOLERANCE, close, each_float, run

from minicnn.kernels import layout, softmax_cross_entropy


@each_float
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy(backend, rng, dtype, order, reduction):
    for N, classes in ((1, 1), (1, 10), (3, 10), (70, 5), (130, 33)):
        x = (3 * rng.standard_normal((N, classes))).astype(dtype)
        target = rng.integers(0, classes, N)
        target[rng.random(N) < 0.2] = -100
        z = softmax_cross_entropy.Sizes("forward", N, classes, dtype, order, -100, reduction)
        loss, p, total = run(backend, "softmax_cross_entropy", z, x, target)
        expected_loss, expected_p = oracles.softmax_cross_entropy(x, target, -100)
        close(loss, expected_loss, classes)
        close(p, expected_p, classes)
        counted = target != -100
        assert not loss[~counted].any()
        factor = {"mean": 1 / counted.sum() if counted.any() else np.nan, "sum": 1, "none": 1}[reduction]
        reduced = 0 if reduction == "none" else math.fsum(expected_loss) * factor
        np.testing.assert_allclose(total, [reduced, factor], rtol=4 * TOLERANCE[dtype.name] * math.sqrt(N + classes))
        grad = rng.standard_normal(N if reduction == "none" else 1).astype(dtype)
        z = z._replace(direction="input")
        (dx,) = run(backend, "softmax_cross_entropy", z, p, target, grad, total)
        onehot = np.zeros((N, classes))
        for n in np.flatnonzero(counted):
            onehot[n, target[n]] = 1
            onehot[n] = (expected_p[n] - onehot[n]) * (grad[n] if reduction == "none" else grad[0]) * factor
        close(dx, onehot, classes)
        assert layout.order_of(dx) == order or 1 in (N, classes)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_of_targets_that_are_no_class(backend, dtype, order):
    """A captured step sees targets that nobody checked: no number outside the array is read."""
    x = np.arange(12.0).reshape(4, 3).astype(dtype)
    target = np.array([0, 3, -1, 2])
    z = softmax_cross_entropy.Sizes("forward", 4, 3, dtype, order, -100, "mean")
    loss, p, total = run(backend, "softmax_cross_entropy", z, x, target)
    assert np.isnan(loss).tolist() == [False, True, True, False]
    grad, z = np.ones(1, dtype), z._replace(direction="input")
    (dx,) = run(backend, "softmax_cross_entropy", z, p, target, grad, total)
    assert np.isnan(dx).any(axis=1).tolist() == [False, True, True, False]


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_of_large_scores(backend, dtype, order):
    x = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4], [3e4, 3e4, 3e4], [0, 1e4, 1e4]], dtype)
    target = np.array([1, 0, 2, 1])
    z = softmax_cross_entropy.Sizes("forward", 4, 3, dtype, order, 2, "none")  # class 2 is the one to ignore
    loss, p, _ = run(backend, "softmax_cross_entropy", z, x, target)
    close(loss, np.array([1e4, math.log(3), 0, math.log(2)]))
    close(p, np.array([[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3, [0, 0.5, 0.5]]))


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_softmax_cross_entropy_lets_nan_through(dtype, order):
    x = np.array([[0, np.nan, 1], [0, 1, 2]], dtype)
    z = softmax_cross_entropy.Sizes("forward", 2, 3, dtype, order, -100, "sum")
    loss, p, total = run("numba", "softmax_cross_entropy", z, x, np.array([0, 0]))
    assert np.isnan(loss).tolist() == [True, False]
    assert np.isnan(p).any(axis=1).tolist() == [True, False]
    assert np.isnan(total).tolist() == [True, False]
