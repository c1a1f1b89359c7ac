"""The activations whose gradient needs what came in, against formulas of single numbers."""

import math

import numpy as np
import oracles
import pytest
from contract import close, each_float, run, some

from minicnn.kernels import activation


def elu(x, alpha, scale, inner):
    """scale·x, or scale·alpha·(e^(inner·x) - 1)"""
    return scale * x if x > 0 else scale * alpha * math.expm1(inner * x)


def softplus(x, beta, threshold):
    """ln(1 + e^(beta·x)) / beta"""
    return x if beta * x > threshold else math.log1p(math.exp(beta * x)) / beta


def gelu_tanh(x):
    """x·(1 + tanh(…))/2"""
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def softshrink(x, lambd):
    """Towards 0"""
    return math.copysign(max(abs(x) - lambd, 0), x)


VALUES = {
    "elu": elu,
    "erf": math.erf,
    "erfc": math.erfc,
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "gelu_tanh": gelu_tanh,
    "hardshrink": lambda x, lambd: x if abs(x) > lambd else 0.0,
    "hardsigmoid": lambda x: min(max(x / 6 + 0.5, 0), 1),
    "hardswish": lambda x: x * min(max(x / 6 + 0.5, 0), 1),
    "hardtanh": lambda x, low, high: min(max(x, low), high),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "logsigmoid": lambda x: -math.log1p(math.exp(-x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": softplus,
    "softshrink": softshrink,
    "threshold": lambda x, threshold, value: x if x > threshold else value,
}
PARAMETERS = {
    "elu": (1.5, 1.1, 0.7), "hardshrink": (0.5,), "hardtanh": (-1.0, 1.5), "leaky_relu": (0.1,), "softplus": (2.0, 3.0),
    "softshrink": (0.5,), "threshold": (0.3, 7.0),
}  # fmt: skip


def test_every_function_is_tested():
    assert set(VALUES) == set(activation.FROM_INPUT)
    assert {name: len(PARAMETERS.get(name, ())) for name in VALUES} == {
        name: len(parameters) for name, parameters in activation.FROM_INPUT.items()
    }


@each_float
@pytest.mark.parametrize("function", VALUES)
def test_functions_of_what_comes_in(backend, rng, dtype, function):
    parameters = PARAMETERS.get(function, ())

    def value(x):
        return VALUES[function](x, *parameters)

    def slope(g, x, h=1e-5):
        return g * (value(x + h) - value(x - h)) / (2 * h)

    for size in some(backend, (1, 15, 17, 5001), 3):  # the last one is more than one block
        x, g = (3 * rng.standard_normal(size)).astype(dtype), rng.standard_normal(size).astype(dtype)
        x = np.where(abs(x * 10 - np.round(x * 10)) < 0.01, x + dtype.type(0.03), x)  # no corner is near
        z = activation.Sizes(function, "forward", size, dtype, parameters)
        (y,) = run(backend, "activation", z, x)
        close(y, oracles.elementwise(value, x))
        (dx,) = run(backend, "activation", z._replace(direction="backward"), g, x)
        expected = oracles.elementwise(slope, g, x)
        np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=3e-8 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("function", ["silu", "gelu", "mish", "softplus", "logsigmoid", "elu"])
def test_large_numbers(backend, function):
    x = np.array([1e4, -1e4, 90, -90, 0], np.float32)
    parameters = {"elu": (1.0, 1.0, 1.0), "softplus": (1.0, 20.0)}.get(function, ())
    z = activation.Sizes(function, "forward", x.size, x.dtype, parameters)
    (y,) = run(backend, "activation", z, x)
    expected = {"logsigmoid": [0, -1e4, 0, -90, -math.log(2)], "elu": [1e4, -1, 90, -1, 0],
                "softplus": [1e4, 0, 90, 0, math.log(2)]}.get(function, [1e4, 0, 90, 0, 0])  # fmt: skip
    np.testing.assert_allclose(y, np.array(expected, np.float32), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize(("function", "parameters"), [("relu", ()), ("hardtanh", (2, 9)), ("threshold", (4, 7))])
def test_integers_stay_integers(backend, rng, dtype, function, parameters):
    if backend in ("numba", "gpu numba"):
        pytest.skip("left to others: nobody trains with integers")
    low = np.iinfo(dtype).min // 2
    x = rng.integers(low, low + 120, 77).astype(dtype)
    x[::2] = rng.integers(0, 12, x[::2].size)
    (y,) = run(backend, "activation", activation.Sizes(function, "forward", x.size, x.dtype, parameters), x)
    rule = {"relu": lambda n: max(n, 0), "hardtanh": lambda n: min(max(n, 2), 9)}.get(
        function, lambda n: n if n > 4 else 7
    )
    assert y.tolist() == [rule(n) for n in x.tolist()]
