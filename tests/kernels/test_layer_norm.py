"""The kernel layer_norm against plain formulas in float64."""

import numpy as np
import pytest
from contract import each_float, run, some

from minicnn.kernels import layer_norm

SIZES = [  # rows, channels, pixels, period
    (1, 1, 1, 1), (6, 2, 5, 3), (70, 9, 1, 1), (4, 40, 1, 1), (130, 3, 9, 2), (6, 5, 300, 3), (300, 70, 1, 1),
]  # fmt: skip


@each_float
@pytest.mark.parametrize("affine", [(), ("weight",), ("bias",), ("weight", "bias")])
def test_layer_norm(backend, rng, threads, dtype, affine):
    close = {"rtol": 2e-4, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-11}
    for rows, channels, pixels, period in some(backend, SIZES, 4):
        shape = (rows // period, period, channels, pixels)
        x, g = (rng.standard_normal((2, *shape)) * 2 + 3).astype(dtype)
        weight, bias = rng.standard_normal((2, period * channels)).astype(dtype)
        more = [{"weight": weight, "bias": bias}[name] for name in affine]
        w = weight.reshape(period, channels, 1) if "weight" in affine else 1.0
        b = bias.reshape(period, channels, 1) if "bias" in affine else 0.0
        z = layer_norm.Sizes("forward", rows, channels, pixels, period, dtype, affine, 0.01)
        back = z._replace(direction="backward")
        results = []
        for count in (1, 2):
            threads(count)
            y, mean, r = run(backend, "layer_norm", z, x.reshape(-1), *more)
            given = (g.reshape(-1), x.reshape(-1), mean, r, *more[: "weight" in affine])
            gradients = run(backend, "layer_norm", back, *given)
            results.append([array.tobytes() for array in (y, mean, r, *gradients)])
        assert results[0] == results[1]

        wide = x.astype(np.float64)
        centre, variance = wide.mean(axis=(2, 3), keepdims=True), wide.var(axis=(2, 3), keepdims=True)
        root = 1 / np.sqrt(variance + 0.01)
        centred = (wide - centre) * root
        np.testing.assert_allclose(mean, centre.reshape(-1), **close)
        np.testing.assert_allclose(r, root.reshape(-1), **close)
        np.testing.assert_allclose(y.reshape(shape), centred * w + b, **close)
        h = g.astype(np.float64) * w
        slope = (h * centred).mean(axis=(2, 3), keepdims=True)
        expected = root * (h - h.mean(axis=(2, 3), keepdims=True) - centred * slope)
        np.testing.assert_allclose(gradients[0].reshape(shape), expected, rtol=1e-3, atol=close["atol"] * 50)
        if affine:
            terms = rows // period * pixels
            sums = (g * centred).sum(axis=(0, 3)).reshape(-1), g.astype(np.float64).sum(axis=(0, 3)).reshape(-1)
            for mine, right in zip(gradients[1:], sums, strict=True):
                np.testing.assert_allclose(mine, right, rtol=close["rtol"], atol=terms * close["atol"])
        assert len(gradients) == (3 if affine else 1)
