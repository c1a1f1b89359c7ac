"""The kernel dropout: masks against NumPy's twister and a Philox of plain numbers, word by word; products, memory
orders, threads."""

import numpy as np
import pytest
from contract import SLOW, planned, preferred, run

from minicnn.kernels import dropout, layout, philox

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_order = pytest.mark.parametrize("order", [layout.PLAIN, layout.BATCH_LAST])
each_kind = pytest.mark.parametrize("features", [False, True])
SHAPES = ((1, 1), (3, 5), (33, 4, 3, 2), (1, 700, 2, 1), (130, 6, 2, 2))


def check(backend, z, rng, state, mask, after):
    """A forward pass from `state` draws `mask` and leaves the state `after`; a backward pass uses the same mask."""
    x, g = (np.asarray(rng.standard_normal(z.shape), z.dtype) for _ in range(2))
    y, keep, moved = run(backend, "dropout", z, x, updated=[state])
    mask = np.reshape(mask, keep.shape)
    np.testing.assert_array_equal(keep, mask)
    np.testing.assert_array_equal(moved, after)
    factor = mask.reshape(mask.shape + (1,) * (len(z.shape) - mask.ndim)).astype(z.dtype) / z.dtype.type(1 - z.p)
    np.testing.assert_array_equal(y, x * factor)
    (dx,) = run(backend, "dropout", z._replace(direction="backward"), g, keep)
    np.testing.assert_array_equal(dx, g * factor)
    return y.tobytes(), keep.tobytes()


# --- the twister -----------------------------------------------------------------------------------


def state_of(seed, position):
    """A twister's memory after `position` words."""
    twister = np.random.MT19937(seed)
    twister.random_raw(position)
    return memory_of(twister), twister


def memory_of(twister):
    """Its words, and how many were taken."""
    inside = twister.state["state"]
    return np.append(inside["key"], np.uint32(inside["pos"]))


def twisters_mask(twister, count, p):
    """Two words a number, the first in the high half, of which 53 bits count."""
    words = [int(word) for word in twister.random_raw(2 * count)]
    return [((a << 32 | b) % 2**53) * 2.0**-53 < 1 - p for a, b in zip(words[::2], words[1::2], strict=True)]


@each_dtype
@each_order
@each_kind
def test_masks_of_the_twister(cpu_backend, rng, threads, dtype, order, features):
    for shape in SHAPES:
        p, position = float(rng.uniform(0.05, 0.95)), int(rng.integers(1, 2000))
        z = dropout.Sizes("forward", shape, np.dtype(dtype), order, p, features)
        seed, results = int(rng.integers(1 << 30)), []
        for count in (1, 2):
            threads(count)
            state, twister = state_of(7, position)
            mask = twisters_mask(twister, layout.size(z.keep_shape()), p)
            same = np.random.default_rng(seed)
            results.append(check(cpu_backend, z, same, state, mask, memory_of(twister)))
        assert results[0] == results[1]


# --- Philox ----------------------------------------------------------------------------------------


def philox_of_plain_numbers(counter, key):
    """Figure 2 of Salmon et al. 2011, with the constants of their section 3."""
    (l0, r0, l1, r1), (k0, k1) = counter, key
    for i in range(10):
        a, b = (k0 + i * 0x9E3779B9) % 2**32, (k1 + i * 0xBB67AE85) % 2**32
        x, y = l0 * 0xD2511F53, l1 * 0xCD9E8D57
        l0, r0, l1, r1 = y // 2**32 ^ r0 ^ a, y % 2**32, x // 2**32 ^ r1 ^ b, x % 2**32
    return [l0, r0, l1, r1]


ONES, PI = [0xFFFFFFFF] * 6, [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0]
KNOWN_ANSWERS = [  # philox4x32 10 of the authors' own test (Random123, kat_vectors): counter and key, words
    ([0] * 6, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    (ONES, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (PI, [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]


@pytest.mark.parametrize(("given", "words"), KNOWN_ANSWERS)
def test_known_answers(given, words):
    assert philox_of_plain_numbers(given[:4], given[4:]) == words
    assert philox.block(given[:4], given[4:]).tolist() == words


def philoxs_mask(seed, offset, count, p):
    """A word a number, four of each block from number `offset` on."""
    key, mask = (seed % 2**32, seed // 2**32), []
    for block in range(offset, offset + -(-count // 4)):
        words = philox_of_plain_numbers((block % 2**32, block // 2**32, 0, 0), key)
        mask += [word / 2**32 < 1 - p for word in words]
    return mask[:count]


@each_dtype
@each_order
@each_kind
def test_masks_of_philox(backend, rng, dtype, order, features):
    for shape in SHAPES[:3] if backend == SLOW else SHAPES:
        p, seed = float(rng.uniform(0.05, 0.95)), int(rng.integers(1 << 63)) * 2 + 1
        offset = 2**32 - 3 if shape == SHAPES[2] else int(rng.integers(1 << 40))
        z = dropout.Sizes("forward", shape, np.dtype(dtype), order, p, features, "philox")
        count = layout.size(z.keep_shape())
        after = [seed, offset + -(-count // 4)]
        check(backend, z, rng, np.array([seed, offset], np.uint64), philoxs_mask(seed, offset, count, p), after)


def test_more_numbers_than_one_task_has(cpu_backend, rng):
    z = dropout.Sizes("forward", (3, 4099), np.dtype("float32"), layout.PLAIN, 0.4, False, "philox")
    check(
        cpu_backend, z, rng, np.array([5, 9], np.uint64), philoxs_mask(5, 9, 3 * 4099, 0.4), [5, 9 + -(-3 * 4099 // 4)]
    )


def test_a_mask_keeps_the_share_it_should(rng):
    """Of 2^20 numbers, within 5 standard deviations."""
    words = philox.words(int(rng.integers(1 << 62)), 0, 1 << 20)
    for p in (0.1, 0.5, 0.9):
        z = dropout.Sizes("forward", (1,), np.dtype("float32"), layout.PLAIN, p, False, "philox")
        kept = (words < z.threshold()).mean()
        assert abs(kept - (1 - p)) < 5 * (p * (1 - p) / words.size) ** 0.5


@each_kind
def test_a_graph_that_is_replayed_draws_new_masks(backend, features):
    if not backend.startswith("gpu"):
        pytest.skip("graphs are the GPU's")
    import cupy

    z = dropout.Sizes("forward", (3, 5), np.dtype("float32"), layout.PLAIN, 0.5, features, "philox")
    plan = planned(backend, "dropout", z)
    x, y, keep = (cupy.ones(shape, kind) for shape, kind in ((z.shape, "f4"), (z.shape, "f4"), (z.keep_shape(), "u1")))
    state, stream = cupy.asarray(np.array([3, 0], np.uint64)), cupy.cuda.Stream(non_blocking=True)
    with preferred(backend), stream:
        plan.run([y, keep, state], [x], None)  # compiles
        stream.begin_capture()
        plan.run([y, keep, state], [x], None)
        graph = stream.end_capture()
        offset = 4
        for _ in range(3):
            graph.launch(stream)
            stream.synchronize()
            mask = philoxs_mask(3, offset, keep.size, 0.5)
            assert keep.get().reshape(-1).tolist() == mask
            offset += 4
