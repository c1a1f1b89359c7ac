"""The kernel reorder, and `kernels.in_order`, which asks for it."""

import numpy as np
import pytest
from contract import ORDERS, PLAIN, run

from minicnn import kernels
from minicnn.kernels import layout, reorder


@pytest.mark.parametrize(
    "dtype", [np.dtype(name) for name in ("float32", "float64", "int64", "uint8", "bool")], ids=str
)
def test_reorder(backend, rng, dtype):
    for rows, columns in ((1, 5), (16, 16), (33, 7), (5, 100), (100, 41)):
        x = rng.integers(0, 2, (rows, columns)).astype(dtype)
        (flat,) = run(backend, "reorder", reorder.Sizes(rows, columns, dtype, True), x.reshape(-1))
        assert np.array_equal(flat.reshape(columns, rows), x.T)
        (back,) = run(backend, "reorder", reorder.Sizes(rows, columns, dtype, False), flat)
        assert np.array_equal(back.reshape(rows, columns), x)


def test_in_order_changes_the_memory_and_not_the_array(cpu_backend, rng):
    x = rng.standard_normal((20, 3, 4, 5)).astype(np.float32)
    for array in (x, x[::2], x.transpose(0, 1, 3, 2), x[:1], x[:, :, :0]):
        for order in ORDERS:
            other = kernels.in_order(array, order)
            assert np.array_equal(other, array)
            assert layout.memory(other).base is not None or other.ndim == 1
            if array.shape[0] > 1 and array.size:
                assert layout.order_of(other) == order
            assert np.array_equal(kernels.in_order(other, PLAIN), array)
    assert kernels.in_order(x, PLAIN) is x
