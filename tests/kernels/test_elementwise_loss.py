"""Losses of pairs of numbers, against formulas of single numbers."""

import math

import numpy as np
import pytest
from contract import SLOW, close, each_float, run

from minicnn.kernels import elementwise_loss


def bce(a, b):
    """-b ln a - (1 - b) ln(1 - a)"""
    return -b * math.log(a) - (1 - b) * math.log(1 - a)


PARAMETER = 0.7
LOSSES = {
    "mse": lambda a, b: (a - b) ** 2,
    "smooth_l1": lambda a, b: (a - b) ** 2 / 1.4 if abs(a - b) < PARAMETER else abs(a - b) - 0.35,
    "huber": lambda a, b: (a - b) ** 2 / 2 if abs(a - b) < PARAMETER else PARAMETER * (abs(a - b) - 0.35),
    "soft_margin": lambda a, b: math.log(1 + math.exp(-a * b)),
    "bce": bce,
    "bce_with_logits": lambda a, b: bce(1 / (1 + math.exp(-a)), b),
}


@each_float
@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_losses_and_gradients(backend, rng, dtype, function, reduction):
    for size in (1, 17, 600 if backend == SLOW else 5001):  # the last one is more than one block
        a, b = rng.standard_normal((2, size))
        if function.startswith("bce"):
            b = rng.uniform(0, 1, size)
        if function == "bce":
            a = rng.uniform(0.05, 0.95, size)
        a, b = a.astype(dtype), b.astype(dtype)
        z = elementwise_loss.Sizes(function, "forward", size, dtype, reduction, PARAMETER)
        (loss,) = run(backend, "elementwise_loss", z, a, b)
        f, pairs = LOSSES[function], list(zip(map(float, a), map(float, b), strict=True))
        expected = np.array([f(x, y) for x, y in pairs])
        whole = {"none": expected, "sum": [math.fsum(expected)], "mean": [math.fsum(expected) / size]}[reduction]
        close(loss, np.array(whole), 2)
        g = rng.standard_normal(size if reduction == "none" else 1).astype(dtype)
        (da,) = run(backend, "elementwise_loss", z._replace(direction="backward"), g, a, b)
        h = 1e-6
        slope = np.array([(f(x + h, y) - f(x - h, y)) / (2 * h) for x, y in pairs])
        expected = g * slope / (size if reduction == "mean" else 1)
        np.testing.assert_allclose(da, expected, rtol=1e-5, atol=1e-7 if dtype == np.float64 else 3e-6)


def test_certain_probabilities_cost_100_at_most(backend):
    a, b = np.array([0, 1, 0, 1], np.float32), np.array([0, 1, 1, 0], np.float32)
    z = elementwise_loss.Sizes("bce", "forward", 4, a.dtype, "none")
    (loss,) = run(backend, "elementwise_loss", z, a, b)
    assert loss.tolist() == [0, 0, 100, 100]


def test_no_pairs(backend):
    if backend == "numba":
        pytest.skip("left to the reference")
    none = np.zeros(0, np.float32)
    for reduction, expected in (("none", []), ("sum", [0]), ("mean", [np.nan])):
        z = elementwise_loss.Sizes("mse", "forward", 0, none.dtype, reduction)
        np.testing.assert_array_equal(run(backend, "elementwise_loss", z, none, none)[0], expected)
        grad = none if reduction == "none" else np.ones(1, np.float32)
        assert run(backend, "elementwise_loss", z._replace(direction="backward"), grad, none, none)[0].size == 0
