"""The kernel image_places: windows drawn by Philox, against the same written out in Python's whole numbers."""

import numpy as np
import pytest
from contract import SLOW, run

from minicnn.kernels.image_places import Rule, Sizes

WORD = 1 << 32


def philox(seed, block):
    """The four words of a block, from Salmon et al. 2011, figure 2 and table 2."""
    left, right, keys = (block % WORD, block // WORD), (0, 0), (seed % WORD, seed // WORD)
    r0, l0, r1, l1 = left[0], left[1], right[0], right[1]
    for _ in range(10):
        first, second = 0xD2511F53 * r0, 0xCD9E8D57 * r1
        r0, l0, r1, l1 = second // WORD ^ l0 ^ keys[0], second % WORD, first // WORD ^ l1 ^ keys[1], first % WORD
        keys = (keys[0] + 0x9E3779B9) % WORD, (keys[1] + 0xBB67AE85) % WORD
    return r0, l0, r1, l1


RULES = {
    "shifted": Rule(-2, -2, -2, 5, 5),
    "shifted and mirrored": Rule(-4, -1, -3, 9, 7, 0.5),
    "mirrored": Rule(0, 0, 0, 1, 1, 0.25),
    "always mirrored": Rule(0, 3, -3, 1, 1, 1.0),
    "nothing": Rule(),
    "framed": Rule(-2, -3, -4),
}


@pytest.mark.parametrize("name", RULES)
def test_image_places(backend, rng, name):
    rule = RULES[name]
    for size in (0, 1, 7, 33 if backend == SLOW else 700):
        seed, offset = int(rng.integers(2**63)), int(rng.integers(2**40))
        numbers = rng.integers(0, 60_000, size)
        expected = []
        for n, number in enumerate(numbers.tolist()):
            w0, w1, w2, _ = philox(seed, offset + n) if rule.draws else (0, 0, WORD, 0)
            mirrored = w2 < rule.mirrored * WORD
            left = rule.left_if_mirrored if mirrored else rule.left
            expected.append([number, rule.top + w0 * rule.rows // WORD, left + w1 * rule.columns // WORD, mirrored])
        state = [np.array([seed, offset], np.uint64)] if rule.draws else []
        places, *after = run(backend, "image_places", Sizes(size, rule), numbers, updated=state)
        np.testing.assert_array_equal(places.reshape(size, 4), np.reshape(expected, (size, 4)))
        if rule.draws:
            assert [array.tolist() for array in after] == [[seed, offset + size]]
