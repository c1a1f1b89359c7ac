"""The compiled loops behind cpu_numba.py: the Mersenne Twister MT19937, Philox, and the products.

The twister makes 624 words at a time: each new one of three old ones, of which one is 397 places ahead. So runs of
227 do not depend on each other, and LLVM makes vectors of them, as of the tempering.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled, inner
from ..philox import KEY_STEPS, MULTIPLIERS, ROUNDS

u4, u8, i8 = np.uint32, np.uint64, np.int64
KEY, AHEAD = 624, 397
UPPER, LOWER, MATRIX = u4(0x80000000), u4(0x7FFFFFFF), u4(0x9908B0DF)
BLOCK = 4096  # numbers of one task
M0, M1 = map(u8, MULTIPLIERS)
STEP0, STEP1 = map(u4, KEY_STEPS)
HALF = u8(32)  # of a 64-bit number, in bits


@inner
def mixed(first, second):
    """The high bit of one word and the others of the next, shifted and stirred."""
    mix = (first & UPPER) | (second & LOWER)
    return (mix >> u4(1)) ^ (MATRIX * (mix & u4(1)))


@inner
def twist(key):
    """The next 624 words, in place of the old ones."""
    for i in range(KEY - AHEAD):
        key[i] = key[i + AHEAD] ^ mixed(key[i], key[i + 1])
    for i in range(AHEAD - 1):
        key[i + KEY - AHEAD] = key[i] ^ mixed(key[i + KEY - AHEAD], key[i + KEY - AHEAD + 1])
    key[KEY - 1] = key[AHEAD - 1] ^ mixed(key[KEY - 1], key[0])


@inner
def temper(key, words):
    """The words as they are handed out."""
    for i in range(words.size):
        y = key[i]
        y ^= y >> u4(11)
        y ^= (y << u4(7)) & u4(0x9D2C5680)
        y ^= (y << u4(15)) & u4(0xEFC60000)
        words[i] = y ^ (y >> u4(18))


@compiled()
def draw_twister(state, words, keep, threshold):
    """keep[i] = whether the next 53 random bits are below `threshold`; `words` is room for 625."""
    done = have = 0  # how much of `keep` is filled; how many words wait for their second half
    while done < keep.size:
        if state[KEY] >= KEY:
            twist(state)
            state[KEY] = 0
        position = i8(state[KEY])
        take = min(KEY - position, 2 * (keep.size - done) - have)
        temper(state[position : position + take], words[have : have + take])
        state[KEY] = position + take
        have += take
        pairs, part = have // 2, keep[done:]
        for i in range(pairs):
            high, low = i8(words[2 * i]), i8(words[2 * i + 1])
            part[i] = ((high & 0x1FFFFF) << 32) | low < threshold
        done += pairs
        words[0] = words[have - 1]
        have %= 2


@inner
def philox(seed, block):
    """The four words of block number `block` (../philox.py)."""
    c0, c1, c2, c3 = u4(block), u4(block >> HALF), u4(0), u4(0)
    k0, k1 = u4(seed), u4(seed >> HALF)
    for _ in range(ROUNDS):
        first, second = M0 * u8(c0), M1 * u8(c2)
        c0, c1, c2, c3 = u4(second >> HALF) ^ c1 ^ k0, u4(second), u4(first >> HALF) ^ c3 ^ k1, u4(first)
        k0, k1 = u4(k0 + STEP0), u4(k1 + STEP1)
    return i8(c0), i8(c1), i8(c2), i8(c3)


@compiled(parallel=True)
def draw_philox(state, keep, threshold):
    """keep[i] = whether the next word is below `threshold`; the state goes on by the blocks that were begun."""
    seed, offset = state[0], state[1]
    for task in prange((keep.size + BLOCK - 1) // BLOCK):
        part = keep[task * BLOCK : min(keep.size, (task + 1) * BLOCK)]
        block = offset + u8(task * (BLOCK // 4))
        for i in range(part.size // 4):
            w0, w1, w2, w3 = philox(seed, block + u8(i))
            part[4 * i] = w0 < threshold
            part[4 * i + 1] = w1 < threshold
            part[4 * i + 2] = w2 < threshold
            part[4 * i + 3] = w3 < threshold
        done = part.size // 4 * 4
        if done < part.size:
            last = philox(seed, block + u8(done // 4))
            for i in range(part.size - done):
                part[done + i] = last[i] < threshold
    state[1] = offset + u8((keep.size + 3) // 4)


@compiled(parallel=True)
def apply(x, keep, y, scale):
    """y = x · scale where keep is 1, else x · 0"""
    zero = scale - scale
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(x.size, (block + 1) * BLOCK))
        here, mask, out = x[part], keep[part], y[part]
        for i in range(here.size):
            out[i] = here[i] * (scale if mask[i] else zero)


@compiled(parallel=True)
def apply_planes(x, keep, y, scale, planes, pixels, lanes):
    """The same for x (planes, pixels, lanes) and keep (planes, lanes)."""
    zero = scale - scale
    for plane in prange(planes):
        if lanes == 1:
            part = slice(plane * pixels, (plane + 1) * pixels)
            here, out, factor = x[part], y[part], scale if keep[plane] else zero
            for i in range(here.size):
                out[i] = here[i] * factor
        else:
            mask = keep[plane * lanes : (plane + 1) * lanes]
            for pixel in range(plane * pixels, (plane + 1) * pixels):
                here, out = x[pixel * lanes : (pixel + 1) * lanes], y[pixel * lanes : (pixel + 1) * lanes]
                for i in range(here.size):
                    out[i] = here[i] * (scale if mask[i] else zero)
