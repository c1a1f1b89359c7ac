"""The activations whose gradient needs what came out: tanh, sigmoid and ReLU, against functions of single numbers."""

import math

import numpy as np
import oracles
import pytest
from contract import SLOW, close, each_float, run

from minicnn.kernels import activation

FUNCTIONS = {"tanh": math.tanh, "sigmoid": oracles.sigmoid, "relu": oracles.relu}
GRADIENTS = {
    "tanh": lambda g, y: g * (1 - y * y),
    "sigmoid": lambda g, y: g * y * (1 - y),
    "relu": lambda g, y: g if y > 0 else 0.0,
}


@each_float
@pytest.mark.parametrize("function", FUNCTIONS)
def test_activation(backend, rng, dtype, function):
    for size in (1, 15, 16, 17, 300 if backend == SLOW else 20_001):  # the last one is more than one block
        x, g = (4 * rng.standard_normal(size)).astype(dtype), rng.standard_normal(size).astype(dtype)
        (y,) = run(backend, "activation", activation.Sizes(function, "forward", size, dtype), x)
        close(y, oracles.elementwise(FUNCTIONS[function], x))
        (dx,) = run(backend, "activation", activation.Sizes(function, "backward", size, dtype), g, y)
        close(dx, oracles.elementwise(GRADIENTS[function], g, y))


@each_float
@pytest.mark.parametrize("function", FUNCTIONS)
def test_activation_at_the_ends(backend, dtype, function):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30] * 7, dtype)
    (y,) = run(backend, "activation", activation.Sizes(function, "forward", x.size, dtype), x)
    at_inf, at_minus_inf, at_zero = {"tanh": (1, -1, 0), "sigmoid": (1, 0, 0.5), "relu": (np.inf, 0, 0)}[function]
    large = 1e30 if function == "relu" else 1
    expected = np.array([np.nan, at_inf, at_minus_inf, at_zero, large, at_minus_inf] * 7, dtype)
    assert np.array_equal(np.isnan(y), np.isnan(expected))
    assert np.array_equal(y, expected, equal_nan=True)


def test_tanh_of_float32_is_exact_to_4_units_of_the_last_place(backend, rng):
    near_zero = rng.standard_normal(5000) * 10.0 ** rng.integers(-30, 0, 5000)
    x = np.concatenate([np.linspace(-12, 12, 20_001), near_zero]).astype(np.float32)
    (y,) = run(backend, "activation", activation.Sizes("tanh", "forward", x.size, x.dtype), x)
    assert oracles.ulps(y, oracles.elementwise(math.tanh, x)) <= 4
    assert np.abs(y).max() <= 1
