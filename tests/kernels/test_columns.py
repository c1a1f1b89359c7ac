"""The kernels im2col and col2im against plain loops."""

import numpy as np
import oracles
import pytest
from contract import FLOATS, close, each_float, run, some

from minicnn.kernels import col2im, im2col


def random_columns(rng, dtype):
    N, C, H, W, KH, KW, OH, OW = (int(n) for n in rng.integers(1, [4, 4, 8, 8, 5, 5, 7, 7]))
    stride, padding, dilation = (tuple(map(int, rng.integers(low, 4, 2))) for low in (1, 0, 1))
    return im2col.Sizes(N, C, H, W, KH, KW, OH, OW, stride, padding, dilation, dtype)


def window_of(z):
    return (z.KH, z.KW), (z.OH, z.OW), z.stride, z.padding, z.dilation


@pytest.mark.parametrize("dtype", [*FLOATS, *(pytest.param(np.dtype(name), id=name) for name in ("int64", "uint8"))])
def test_im2col(backend, rng, dtype):
    for _ in some(backend, range(20), 4):
        z = random_columns(rng, dtype)
        x = rng.integers(0, 200, z.x_shape).astype(dtype)
        (columns,) = run(backend, "im2col", z, x)
        assert np.array_equal(columns, oracles.im2col(x, *window_of(z)))


@each_float
def test_col2im(backend, rng, dtype):
    for _ in some(backend, range(20), 4):
        z = col2im.Sizes(*random_columns(rng, dtype))
        columns = rng.standard_normal(z.columns_shape).astype(dtype)
        (x,) = run(backend, "col2im", z, columns)
        close(x, oracles.col2im(columns, z.x_shape, *window_of(z)), z.KH * z.KW)


@each_float
def test_col2im_adds_in_the_same_order_on_every_backend(rng, dtype):
    z = random_columns(rng, dtype)
    columns = rng.standard_normal(z.columns_shape).astype(dtype)
    (one,), (other,) = (run(backend, "col2im", z, columns) for backend in ("numpy", "numba"))
    assert one.tobytes() == other.tobytes()


def test_im2col_and_col2im_are_adjoint(backend, rng):
    """⟨im2col(x), columns⟩ = ⟨x, col2im(columns)⟩, exactly in whole numbers."""
    for _ in some(backend, range(10), 2):
        z = random_columns(rng, np.dtype("float64"))
        x, columns = (rng.integers(-9, 10, shape).astype(float) for shape in (z.x_shape, z.columns_shape))
        (there,), (back,) = run(backend, "im2col", z, x), run(backend, "col2im", z, columns)
        assert (there * columns).sum() == (x * back).sum()
