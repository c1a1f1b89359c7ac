"""Philox 4x32-10, a generator without a state: word after word is a function of where it stands.

    counter (4 words)   key (2 words)         ten rounds, in which the two halves of two products change places
          └─────┬─────────────┘
          four random words                   block 0, 1, 2, … of a key: four words each

So thread t of a GPU makes the block that it needs, and nobody waits for anybody; and a CPU makes the same numbers.
Here it is for NumPy; philox.cuh has it for CUDA, dropout/loops.py for Numba.

Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85  # what is added to the key after each round: the golden ratio, √3 - 1


def block(counter: Any, key: Any) -> np.ndarray:
    """The four words (…, 4) of a block, from `counter` (…, 4) and `key` (…, 2), whole numbers below 2³²; uint32.

    >>> [hex(word) for word in block([0, 0, 0, 0], [0, 0])]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0, c1, c2, c3 = np.moveaxis(np.asarray(counter, np.uint64), -1, 0)
    k0, k1 = np.moveaxis(np.asarray(key, np.uint64), -1, 0)
    for _ in range(ROUNDS):
        first, second = (np.uint64(m) * c for m, c in zip(MULTIPLIERS, (c0, c2), strict=True))
        c0, c1, c2, c3 = (second >> shift) ^ c1 ^ k0, second & low, (first >> shift) ^ c3 ^ k1, first & low
        k0, k1 = ((k + np.uint64(step)) & low for k, step in zip((k0, k1), KEY_STEPS, strict=True))
    return np.stack([c0, c1, c2, c3], -1).astype(np.uint32)


def words(seed: int, offset: int, count: int) -> np.ndarray:
    """`count` words, uint32, from block `offset` on. The seed's 64 bits are the key, the block's number is the counter.

    >>> words(7, 0, 6)[4:].tolist() == words(7, 1, 2).tolist()
    True
    """
    numbers = np.uint64(offset) + np.arange(-(-count // 4), dtype=np.uint64)
    counter = np.zeros((numbers.size, 4), np.uint64)
    counter[:, 0], counter[:, 1] = numbers & np.uint64(0xFFFFFFFF), numbers >> np.uint64(32)
    return block(counter, [seed & 0xFFFFFFFF, seed >> 32]).reshape(-1)[:count]
