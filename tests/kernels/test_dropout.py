"""The kernel dropout: masks against NumPy's twister, word by word; products, memory orders, threads."""

import numpy as np
import pytest
from contract import run

from minicnn.kernels import dropout, layout


def state_of(seed, position):
    """A twister's memory after `position` words."""
    twister = np.random.MT19937(seed)
    twister.random_raw(position)
    inside = twister.state["state"]
    return np.append(inside["key"], np.uint32(inside["pos"])), twister


def expected_mask(twister, count, p):
    """Two words a number, the first in the high half, of which 53 bits count."""
    words = [int(word) for word in twister.random_raw(2 * count)]
    return [((a << 32 | b) % 2**53) * 2.0**-53 < 1 - p for a, b in zip(words[::2], words[1::2], strict=True)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [layout.PLAIN, layout.BATCH_LAST])
@pytest.mark.parametrize("features", [False, True])
def test_forward_and_backward(backend, rng, threads, dtype, order, features):
    for shape in ((1, 1), (3, 5), (1, 700, 2, 1), (33, 4, 3, 2), (130, 6, 2, 2)):
        p, position = float(rng.uniform(0.05, 0.95)), int(rng.integers(1, 2000))
        x, g = (np.asarray(rng.standard_normal(shape), dtype) for _ in range(2))
        z = dropout.Sizes("forward", shape, np.dtype(dtype), order, p, features)
        results = []
        for count in (1, 2):
            threads(count)
            state, twister = state_of(7, position)
            y, keep, state = run(backend, "dropout", z, x, updated=[state])
            results.append((y.tobytes(), keep.tobytes(), state.tobytes()))
        assert results[0] == results[1]
        mask = np.reshape(expected_mask(twister, keep.size, p), keep.shape)
        np.testing.assert_array_equal(keep, mask)
        after = twister.state["state"]
        np.testing.assert_array_equal(state, np.append(after["key"], np.uint32(after["pos"])))
        mask = mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim))
        factor = mask.astype(dtype) / dtype(1 - p)
        np.testing.assert_array_equal(y, x * factor)
        (dx,) = run(backend, "dropout", z._replace(direction="backward"), g, keep)
        np.testing.assert_array_equal(dx, g * factor)
