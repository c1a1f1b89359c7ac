"""The kernel shuffle: exchanges one by one, and the generator that uses it where Numba is loaded."""

import numpy as np
import pytest
from contract import run

import minicnn
from minicnn import kernels
from minicnn.functional import generator as generators
from minicnn.kernels import compiled
from minicnn.kernels.shuffle import Sizes
from minicnn.stream import Stream


@pytest.mark.parametrize("n", [0, 1, 2, 3, 17, 1000])
def test_exchanges(backend, rng, n):
    partners = np.array([rng.integers(i, n) for i in range(max(n - 1, 0))], np.int64)
    expected = list(range(n))
    for i, j in enumerate(partners):
        first, second = expected[i], expected[j]
        expected[i], expected[j] = second, first
    (order,) = run(backend, "shuffle", Sizes(n), partners)
    assert order.tolist() == expected


def test_long_permutations_are_the_streams(monkeypatch):
    kernels.run("shuffle", Sizes(3), np.array([1, 2]))  # from now on Numba is loaded
    n = generators.LONG + 1
    expected, state = Stream(3).randperm(n), Stream(3)
    state.randperm(n)
    with kernels.record() as used:
        order = minicnn.Generator().manual_seed(3).randperm(n)
    assert [u.kernel for u in used] == ["shuffle"]
    np.testing.assert_array_equal(order, expected)
    generator = minicnn.Generator().manual_seed(3)
    with kernels.record() as used:
        generator.randperm(generators.LONG - 1)
    assert used == []
    monkeypatch.setattr(compiled, "loaded", lambda: False)  # nor is it to be loaded for this
    with kernels.record() as used:
        order = generator.manual_seed(3).randperm(n)
    assert used == []
    np.testing.assert_array_equal(order, expected)
    assert generator.state() == state.state()
