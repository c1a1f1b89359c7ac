"""exp, log, sigmoid, tanh, log1p and erf of compiled loops, against functions of twice the digits."""

import math

import numpy as np
import pytest

from minicnn.kernels.compiled import compiled

EXACT = {  # of numbers of a wider type
    "exp": np.exp,
    "sigmoid": lambda x: np.where(x >= 0, 1, np.exp(-abs(x))) / (1 + np.exp(-abs(x))),
    "tanh": np.tanh,
}
OTHERS = ("log", "log1p", "erf")  # with ranges of their own


@pytest.fixture(scope="module")
def loops():
    """Compiled loops y[i] = f(x[i])."""
    from minicnn.kernels import elementary

    def loop_of(function):
        def loop(x, y):
            for i in range(y.size):
                y[i] = function(x[i])

        return compiled()(loop)

    return {name: loop_of(getattr(elementary, name)) for name in (*EXACT, *OTHERS)}


def ulps(got, exact):
    """The largest error of `got` in units of the last place of the exact values, where those are finite."""
    with np.errstate(over="ignore"):
        rounded = exact.astype(got.dtype)
    inside = np.isfinite(rounded)
    unit = np.spacing(np.abs(rounded[inside])).astype(exact.dtype)
    return float((np.abs(got[inside].astype(exact.dtype) - exact[inside]) / unit).max())


@pytest.mark.parametrize("name", EXACT)
def test_float32_of_all_magnitudes(loops, name):
    x = np.arange(1, np.float32(105).view(np.int32), 557, np.int32).view(np.float32)  # two million, subnormal ones too
    x = np.concatenate([x, -x])
    y = np.empty_like(x)
    loops[name](x, y)
    assert ulps(y, EXACT[name](x.astype(np.float64))) <= 2.5


@pytest.mark.parametrize("name", EXACT)
def test_float64_of_all_magnitudes(loops, name, rng):
    if np.finfo(np.longdouble).nmant <= np.finfo(np.float64).nmant:
        pytest.skip("long double has no more digits than double here")
    small = rng.choice([-1, 1], 100_000) * 10 ** rng.uniform(-320, 2.5, 100_000)
    x = np.concatenate([small, rng.uniform(-745, 709, 100_000), rng.uniform(-22, 22, 100_000)])
    y = np.empty_like(x)
    loops[name](x, y)
    assert ulps(y, EXACT[name](x.astype(np.longdouble))) <= 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends(loops, dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e4, -1e4], dtype)
    expected = {
        "exp": [np.nan, np.inf, 0, 1, 1, np.inf, 0],
        "sigmoid": [np.nan, 1, 0, 0.5, 0.5, 1, 0],
        "tanh": [np.nan, 1, -1, 0, 0, 1, -1],
    }
    for name in EXACT:
        loop = loops[name]
        y = np.empty_like(x)
        loop(x, y)
        np.testing.assert_array_equal(y, np.array(expected[name], dtype))
    assert np.signbit(y).tolist()[3:5] == [False, True]  # tanh is the last


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log1p_from_0_to_1(loops, dtype, rng):
    x = np.concatenate([rng.uniform(0, 1, 100_000), 10 ** rng.uniform(-30, 0, 100_000), [0, 1]]).astype(dtype)
    y = np.empty_like(x)
    loops["log1p"](x, y)
    assert ulps(y, np.log1p(x.astype(np.longdouble))) <= 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_of_all_magnitudes(loops, dtype, rng):
    low = math.log10(float(np.finfo(dtype).smallest_subnormal))
    x = np.concatenate([rng.uniform(0.5, 2, 100_000), 10 ** rng.uniform(low, 38, 100_000)]).astype(dtype)
    x = x[x > 0]
    y = np.empty_like(x)
    loops["log"](x, y)
    assert ulps(y, np.log(x.astype(np.longdouble))) <= 2.5
    x = np.array([0, np.inf, np.nan, 1, -1], dtype)
    y = np.empty_like(x)
    loops["log"](x, y)
    np.testing.assert_array_equal(y, np.array([-np.inf, np.inf, np.nan, 0, np.nan], dtype))


def test_erf_of_float32(loops, rng):
    x = np.concatenate([rng.uniform(-5, 5, 100_000), 10 ** rng.uniform(-30, 0, 10_000)]).astype(np.float32)
    y = np.empty_like(x)
    loops["erf"](x, y)
    assert ulps(y, np.array([math.erf(number) for number in x])) <= 7
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 4.0, -4.0], np.float32)
    y = np.empty_like(x)
    loops["erf"](x, y)
    np.testing.assert_array_equal(y, np.array([np.nan, 1, -1, 0, 1, -1], np.float32))
