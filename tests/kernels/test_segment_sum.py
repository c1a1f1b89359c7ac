"""The kernel segment_sum, against a loop; and the operations that add where places meet."""

import numpy as np
import pytest
from contract import each_float, gpu_backends, host, run, some

from minicnn.functional.adding import add_at, add_rows
from minicnn.kernels.segment_sum import Sizes

# (rows, width, terms); the later ones have several tiles, and two or three digits
CASES = [(3, 2, 5), (300, 1, 70), (4, 1, 0), (0, 3, 4), (7, 5, 60), (300, 1, 999), (2, 99, 9), (70000, 2, 900)]


def added(table, values, index):
    """One row after the other."""
    expected = table.copy()
    for k, row in enumerate(index):
        if 0 <= row < len(table):
            for column in range(table.shape[1]):
                expected[row, column] += values[k, column]
    return expected


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_rows_are_added_in_order(backend, rng, dtype):
    for rows, width, terms in some(backend, CASES):
        index = rng.integers(-1, rows + 2, terms)  # some lie outside
        table, values = ((rng.standard_normal((n, width)) * 9).astype(dtype) for n in (rows, terms))
        sizes = Sizes(rows, width, terms, np.dtype(dtype))
        (found,) = run(backend, "segment_sum", sizes, values, index, updated=(table,))
        np.testing.assert_array_equal(found, added(table, values, index))


@each_float
def test_places_that_meet(rng, dtype):
    """What the operations call, on NumPy's arrays and, where there is a GPU, on its own."""
    modules = [np]
    if gpu_backends():
        import cupy

        modules.append(cupy)
    for xp in modules:
        to = xp.asarray
        index, rows = rng.integers(0, 4, 9), rng.standard_normal((9, 3)).astype(dtype)
        table = to(np.zeros((4, 3), dtype))
        add_rows(table, to(index), to(rows))
        expected = np.zeros((4, 3), dtype)
        for k, place in enumerate(index):
            expected[place] += rows[k]
        np.testing.assert_array_equal(host(table), expected)
        cube = to(np.zeros((2, 4, 3), dtype))
        add_at(cube, (1, to(index)), to(rows))
        np.testing.assert_array_equal(host(cube), np.stack([np.zeros((4, 3), dtype), expected]))
