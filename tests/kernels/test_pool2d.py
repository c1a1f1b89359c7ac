"""The kernel pool2d against plain loops: maxima, means, and their gradients."""

import numpy as np
import oracles
import pytest
from contract import ORDERS, PLAIN, close, each_float, run, some
from test_columns import window_of

from minicnn.kernels import activation, layout, pool2d


def random_pool(rng, dtype, N, order):
    C, H, W, KH, KW = (int(n) for n in rng.integers(1, [4, 8, 8, 5, 5]))
    stride, dilation = (tuple(map(int, rng.integers(1, 4, 2))) for _ in range(2))
    padding = (
        int(rng.integers(0, 3)),
        int(rng.integers(0, 3)),
    )  # with small windows: some see no pixel at all
    OH, OW = (int(n) for n in rng.integers(1, 6, 2))
    if rng.random() < 0.4:  # windows that lie side by side: some pixels left over, or some of the last window missing
        stride, dilation, padding = (KH, KW), (1, 1), (0, 0)
        OH, OW = (max(1, length // taps + int(rng.integers(-1, 2))) for length, taps in ((H, KH), (W, KW)))
    return pool2d.Sizes("max", "forward", N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, dtype, order)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_max_pool(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(3):
            z = random_pool(rng, dtype, N, order)
            x = rng.integers(-3, 4, z.x_shape).astype(dtype)  # many equal ones: the first one counts
            x[rng.random(z.x_shape) < 0.05] = np.nan
            x[rng.random(z.x_shape) < 0.2] = -np.inf
            y, argmax = run(backend, "pool2d", z, x)
            expected, places = oracles.max_pool2d(x, *window_of(z))
            assert np.array_equal(argmax, places)
            assert np.array_equal(y, expected.astype(dtype), equal_nan=True)
            g = rng.standard_normal(z.y_shape).astype(dtype)
            (dx,) = run(backend, "pool2d", z._replace(direction="input"), g, argmax)
            close(dx, oracles.max_pool2d_input(g, places, z.x_shape), z.KH * z.KW)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("window", [(2, 2), (1, 2), (4, 7)])
def test_pooling_of_windows_side_by_side(backend, rng, dtype, order, window):
    """The usual windows, in images and in lines, and those that are longer than there are many have loops of their own;
    a last row or column may be left over."""
    for N, H, W in some(backend, ((1, 4, 8), (1, 7, 15), (3, 4, 9), (33, 6, 37)), 3):
        OH, OW = H // window[0], W // window[1]
        x = rng.integers(-3, 4, (N, 2, H, W)).astype(dtype)
        x[rng.random(x.shape) < 0.05] = np.nan
        how = (window, (0, 0), (1, 1), dtype, order)
        z = pool2d.Sizes("max", "forward", N, 2, H, W, *window, OH, OW, *how)
        y, argmax = run(backend, "pool2d", z, x)
        expected, places = oracles.max_pool2d(x, *window_of(z))
        assert np.array_equal(argmax, places)
        assert np.array_equal(y, expected.astype(dtype), equal_nan=True)
        g = rng.standard_normal(z.y_shape).astype(dtype)
        (dx,) = run(backend, "pool2d", z._replace(direction="input"), g, argmax)
        close(dx, oracles.max_pool2d_input(g, places, z.x_shape))
        x, z = rng.standard_normal(x.shape).astype(dtype), z._replace(kind="avg")
        (y,) = run(backend, "pool2d", z, x)
        close(y, oracles.sum_pool2d(x, *window_of(z)) / z.KH / z.KW, z.KH * z.KW)
        (dx,) = run(backend, "pool2d", z._replace(direction="input"), g)
        scaled = g / z.KH / z.KW
        close(dx, oracles.sum_pool2d_input(scaled, z.x_shape, window, z.stride, z.padding, z.dilation))


@each_float
def test_max_pool_of_a_window_without_pixels(backend, dtype):
    z = pool2d.Sizes("max", "forward", 2, 1, 2, 2, 1, 1, 4, 4, (1, 1), (1, 1), (1, 1), dtype, PLAIN)
    y, argmax = run(backend, "pool2d", z, np.ones(z.x_shape, dtype))
    border = np.pad(np.zeros((2, 2), bool), 1, constant_values=True)
    assert (y[:, :, border] == -np.inf).all()
    assert (argmax[:, :, border] == -1).all()
    assert (y[:, :, ~border] == 1).all()
    (dx,) = run(backend, "pool2d", z._replace(direction="input"), np.ones_like(y), argmax)
    assert np.array_equal(dx, np.ones(z.x_shape, dtype))


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_avg_pool(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(3):
            z = random_pool(rng, dtype, N, order)._replace(kind="avg")
            x, g = rng.standard_normal(z.x_shape).astype(dtype), rng.standard_normal(z.y_shape).astype(dtype)
            z = z._replace(divisor=[None, -3, 7][rng.integers(3)], padded=bool(rng.integers(2)))
            inside = oracles.sum_pool2d(np.ones(z.x_shape), *window_of(z))[0, 0]
            if z.divisor is None and (z.padded or z.dilation != (1, 1) or not inside.all()):
                z = z._replace(divisor=z.KH * z.KW, padded=True)
            scaled = 1 / (inside if z.divisor is None else np.full_like(inside, z.divisor))
            (y,) = run(backend, "pool2d", z, x)
            close(y, oracles.sum_pool2d(x, *window_of(z)) * scaled, z.KH * z.KW)
            (dx,) = run(backend, "pool2d", z._replace(direction="input"), g)
            expected = oracles.sum_pool2d_input(g * scaled, z.x_shape, (z.KH, z.KW), z.stride, z.padding, z.dilation)
            close(dx, expected, z.KH * z.KW)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_the_gradient_of_pooling_and_of_the_activation_before_it(backend, rng, dtype, order, kind):
    """One kernel does what pool2d and activation do one after the other, to the last bit."""
    for N in some(backend, (1, 2, 33)):
        for function in ("tanh", "relu", "sigmoid"):
            forward = random_pool(rng, dtype, N, order)._replace(kind=kind)
            size = layout.size(forward.x_shape)
            x = rng.standard_normal(size).astype(dtype)
            (activated,) = run(backend, "activation", activation.Sizes(function, "forward", size, dtype), x)
            activated = layout.as_order(activated, forward.x_shape, order)
            forward = forward._replace(divisor=3)
            second = () if kind == "avg" else run(backend, "pool2d", forward, activated)[1:]
            z = forward._replace(direction="input")
            g = rng.standard_normal(z.y_shape).astype(dtype)
            (pooled,) = run(backend, "pool2d", z, g, *second)
            flat = (layout.memory(pooled), layout.memory(activated))
            (expected,) = run(backend, "activation", activation.Sizes(function, "backward", size, dtype), *flat)
            (dx,) = run(backend, "pool2d", z._replace(epilogue=(function,)), g, *second, activated)
            assert np.array_equal(layout.memory(dx), expected)
