"""softmax and nll against formulas in float64."""

import numpy as np
import pytest
from contract import close, each_float, run

from minicnn.kernels import layout, nll, softmax

SHAPES = [(1, 1, 1), (1, 10, 130), (130, 10, 1), (3, 5, 70), (200, 3, 1), (2, 4, 64)]  # outer, classes, inner


@each_float
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_softmax(backend, rng, dtype, log, shape):
    x, g = (3 * rng.standard_normal((2, *shape))).astype(dtype)
    z = softmax.Sizes("forward", log, *shape, dtype)
    (y,) = run(backend, "softmax", z, x.reshape(-1))
    powers = np.exp(x.astype(np.float64))
    p = powers / powers.sum(axis=1, keepdims=True)
    expected = np.log(p) if log else p
    close(y, expected.reshape(-1), 2)
    (dx,) = run(backend, "softmax", z._replace(direction="backward"), g.reshape(-1), y)
    jacobian = np.einsum("nci,cd->ncdi", p, np.eye(shape[1])) - np.einsum("nci,ndi->ncdi", p, p)  # of softmax
    if log:
        jacobian = np.eye(shape[1])[None, :, :, None] - p[:, None]  # d log p_c / d x_d
    close(dx, np.einsum("nci,ncdi->ndi", g.astype(np.float64), jacobian).reshape(-1), 16)


@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 1)])
def test_softmax_of_large_numbers(backend, shape):
    x = np.array([[1e4, 0, -1e4], [0, np.nan, 1]], np.float32)
    x = x.T if shape[2] == 2 else x
    y, log = (
        run(backend, "softmax", softmax.Sizes("forward", log, *shape, x.dtype), np.ascontiguousarray(x).reshape(-1))[0]
        for log in (False, True)
    )
    y, log = (np.moveaxis(a.reshape(shape), 1, 2).reshape(2, 3) for a in (y, log))
    np.testing.assert_array_equal(y[0], [1, 0, 0])
    np.testing.assert_array_equal(log[0], [0, -1e4, -2e4])
    assert np.isnan(y[1]).all()
    assert np.isnan(log[1]).all()


@each_float
@pytest.mark.parametrize("order", [layout.PLAIN, layout.BATCH_LAST])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(("weighted", "smoothing"), [(False, 0.0), (True, 0.0), (False, 0.2), (True, 0.3)])
def test_nll(backend, rng, dtype, order, reduction, weighted, smoothing):
    for N, classes in ((1, 1), (5, 3), (300, 10)):
        x = rng.standard_normal((N, classes)).astype(dtype)
        target = rng.integers(0, classes, N)
        target[rng.random(N) < 0.2] = -100
        weight = rng.uniform(0.5, 2, classes).astype(dtype)
        w = weight if weighted else np.ones(classes)
        share = np.full((N, classes), smoothing / classes) * w
        divisor = 0.0
        for n in range(N):
            if target[n] == -100:
                share[n] = 0
            else:
                share[n, target[n]] += (1 - smoothing) * w[target[n]]
                divisor += w[target[n]]
        z = nll.Sizes("forward", N, classes, dtype, order, -100, reduction, weighted, smoothing)
        more = (weight,) if weighted else ()
        loss, total = run(backend, "nll", z, x, target, *more)
        losses = -(share * x).sum(axis=1)
        close(loss, losses, classes)
        factor = 1 / divisor if reduction == "mean" and divisor else 1.0
        if reduction != "none" and divisor:
            close(total, np.array([losses.sum() * factor, factor]), N)
        if not divisor and reduction == "mean":
            assert np.isnan(total).all()
            continue
        grad = rng.standard_normal(N if reduction == "none" else 1).astype(dtype)
        (dx,) = run(backend, "nll", z._replace(direction="input"), grad, target, total, *more)
        close(dx, -share * factor * grad.reshape(-1, 1), 4)
