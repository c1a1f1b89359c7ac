"""The kernel batch_norm against plain formulas in float64: statistics, results, gradients, orders, threads."""

import numpy as np
import pytest
from contract import run, some

from minicnn.kernels import batch_norm, layout

SHAPES = [(2, 1), (33, 5), (1, 3, 7), (9, 2, 4, 3), (40, 6, 11, 5)]


def channels(array):
    """(C, numbers of a channel), float64."""
    return np.moveaxis(array, 1, 0).reshape(array.shape[1], -1).astype(np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [layout.PLAIN, layout.BATCH_LAST])
@pytest.mark.parametrize("affine", [(), ("weight",), ("bias",), ("weight", "bias")])
def test_batch_norm(backend, rng, threads, dtype, order, affine):
    close = {"rtol": 2e-4, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-11}
    for shape in some(backend, SHAPES, 4):
        C = shape[1]
        x, g = (np.asarray(rng.standard_normal(shape) * 2 + 3, dtype) for _ in range(2))
        weight, bias = (rng.standard_normal(C).astype(dtype) for _ in range(2))
        given = {"weight": weight, "bias": bias}
        more = [given[name] for name in affine]
        running = [rng.uniform(0.5, 2, C).astype(dtype) for _ in range(2)]
        for from_batch in (True, False):
            momentum = float(rng.choice([-1.0, 0.3])) if from_batch else None
            kind = np.dtype(dtype)
            z = batch_norm.Sizes("forward", shape, kind, order, affine, from_batch, momentum, from_batch, 0.01)
            results = []
            for count in (1, 2):
                threads(count)
                written = [*running, np.array([6])] if from_batch else []
                outs = run(backend, "batch_norm", z, x, *more, *([] if from_batch else running), updated=written)
                results.append([array.tobytes() for array in outs])
            assert results[0] == results[1]
            y, mean, r, *written = outs
            numbers = channels(x)
            m = numbers.shape[1]
            centre, variance = (numbers.mean(1), numbers.var(1)) if from_batch else running
            np.testing.assert_allclose(mean, centre, **close)
            np.testing.assert_allclose(r, 1 / np.sqrt(variance + 0.01), **close)
            w = weight if "weight" in affine else np.ones(C)
            b = bias if "bias" in affine else np.zeros(C)
            root = (1 / np.sqrt(np.asarray(variance, np.float64) + 0.01))[:, None]
            centred = (numbers - np.asarray(centre, np.float64)[:, None]) * root
            np.testing.assert_allclose(channels(y), centred * w[:, None] + b[:, None], **close)
            if from_batch:
                factor = momentum if momentum > 0 else 1 / 7
                assert written[2].tolist() == [7]
                np.testing.assert_allclose(written[0], running[0] * (1 - factor) + centre * factor, **close)
                unbiased = numbers.var(1, ddof=1)
                np.testing.assert_allclose(written[1], running[1] * (1 - factor) + unbiased * factor, **close)
            back = z._replace(direction="backward")
            dx, dweight, dbias = run(backend, "batch_norm", back, g, x, mean, r, *more[: "weight" in affine])
            grad = channels(g)
            np.testing.assert_allclose(dweight, (grad * centred).sum(1), rtol=close["rtol"], atol=m * close["atol"])
            np.testing.assert_allclose(dbias, grad.sum(1), **close)
            expected = grad
            if from_batch:
                expected = grad - grad.mean(1)[:, None] - centred * (grad * centred).mean(1)[:, None]
            np.testing.assert_allclose(channels(dx), expected * root * w[:, None], rtol=1e-3, atol=close["atol"] * 20)
