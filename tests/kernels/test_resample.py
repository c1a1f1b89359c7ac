"""The kernel resample against matrices: what it does along rows and columns is linear."""

import numpy as np
import oracles
import pytest
from contract import ORDERS, SLOW, close, each_float, run, some

from minicnn.kernels import resample
from minicnn.kernels.resample.rules import RULES


def random_axis(rng):
    """A rule with two lengths that suit it."""
    rule = str(rng.choice(list(RULES)))
    length, new_length = (int(n) for n in rng.integers(1, 12, 2))
    numbers: tuple = ()
    if rule == "same":
        new_length = length
    elif rule == "nearest":  # these scales, times whole numbers and halves, round to the right side of whole numbers
        numbers = (float(rng.choice([0.5, 0.25, 1.0, 2.0, 1.5])), float(rng.choice([0, 0.5])))
    elif rule in ("linear", "cubic"):
        numbers = (float(rng.choice([0.5, 1 / 3, 1.0, 2.25])), float(rng.integers(2)))
    elif rule == "windows":
        parts = new_length
        longest = max(-(-(i + 1) * length // parts) - i * length // parts for i in range(parts))
        new_length, numbers = parts * longest, (parts,)
    elif rule != "mean":
        before, after = (int(n) for n in rng.integers(0, max(1, length), 2))
        new_length, numbers = length + before + after, (before,)
    return resample.Axis(rule, length, new_length, numbers)


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_resample(backend, rng, dtype, order):
    for N in some(backend, (1, 2, 5, 33)):
        for _ in range(8):
            rows, columns = random_axis(rng), random_axis(rng)
            z = resample.Sizes(N, int(rng.integers(1, 4)), rows, columns, False, dtype, order)
            a, b = (oracles.resampling(axis.rule, axis.length, axis.new_length, *axis.numbers) for axis in z[2:4])
            x, g = (rng.standard_normal(shape).astype(dtype) for shape in (z.in_shape, z.out_shape))
            (y,) = run(backend, "resample", z, x)
            close(y, np.einsum("ih,jw,nchw->ncij", a, b, x.astype(np.float64)), 16)
            (dx,) = run(backend, "resample", z._replace(adjoint=True), g)
            close(dx, np.einsum("ih,jw,ncij->nchw", a, b, g.astype(np.float64)), 64)


@each_float
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("scale", [0.5, 1 / 3])
def test_resample_of_large_images(backend, rng, dtype, order, scale):
    N, length = (1, 6) if backend == SLOW else (17, 40)
    axis = resample.Axis("linear", length, round(length / scale), (scale, 0))
    z = resample.Sizes(N, 2, axis, axis._replace(rule="nearest"), False, dtype, order)
    x = rng.standard_normal(z.in_shape).astype(dtype)
    a = oracles.resampling("linear", length, axis.new_length, scale, 0)
    (y,) = run(backend, "resample", z, x)
    close(y, np.repeat(a @ x.astype(np.float64), round(1 / scale), 3), 16)  # places of up to 40 are rounded, too


@each_float
@pytest.mark.parametrize("order", ORDERS)
def test_what_resample_does_not_use_does_not_matter(backend, dtype, order):
    x = np.full((17, 1, 4, 4), np.nan, dtype)
    x[:, :, 0, 0], x[:, :, 1, 1] = np.inf, 1
    axis = resample.Axis("nearest", 4, 2, (1.0, 0))
    (y,) = run(backend, "resample", resample.Sizes(17, 1, axis, axis, False, dtype, order), x)
    assert y[0, 0, 0, 0] == np.inf
    assert y[16, 0, 1, 1] == 1
    (dx,) = run(backend, "resample", resample.Sizes(17, 1, axis, axis, True, dtype, order), y)
    assert dx[3, 0, 0, 0] == np.inf
    assert not dx[:, :, 2:].any()
