"""The kernel segment_sum, against a loop; and the operations that add where places meet."""

import numpy as np
import pytest
from contract import each_float, gpu_backends, host, run, some

from minicnn.functional.adding import add_at, add_rows
from minicnn.kernels.segment_sum import Sizes

CASES = [(3, 2, 5), (1, 1, 4), (4, 1, 0), (0, 3, 0), (7, 5, 60), (300, 1, 1000), (2, 130, 9)]


def added(table, values, order, starts):
    """One row after the other."""
    expected = table.copy()
    for row in range(len(table)):
        for k in range(starts[row], starts[row + 1]):
            for column in range(table.shape[1]):
                expected[row, column] += values[order[k], column]
    return expected


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_rows_are_added_in_order(backend, rng, dtype):
    for rows, width, terms in some(backend, CASES):
        places = rng.integers(0, rows, terms) if rows else np.zeros(0, np.int64)
        order = np.argsort(places, kind="stable")
        starts = np.searchsorted(places[order], np.arange(rows + 1))
        table, values = ((rng.standard_normal((n, width)) * 9).astype(dtype) for n in (rows, terms))
        sizes = Sizes(rows, width, terms, np.dtype(dtype))
        (found,) = run(backend, "segment_sum", sizes, values, order, starts, updated=(table,))
        np.testing.assert_array_equal(found, added(table, values, order, starts))


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
