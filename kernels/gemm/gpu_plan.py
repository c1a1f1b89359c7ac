"""What the plans of the GPU backends have in common: where the numbers are, and how the work is cut."""

from __future__ import annotations

from typing import NamedTuple

from .. import layout
from . import Sizes

# The numbers that ending.cuh (and the kernels of gpu_numba.py) know the functions by.
FUNCTIONS = ("", "tanh", "relu", "sigmoid", "tanh_gradient", "relu_gradient", "sigmoid_gradient")
BLOCKS = 264  # two for each multiprocessor of an H100 or H200; smaller GPUs take them in turns
SHORTEST = 128  # terms of a sum that are worth a block of their own: with fewer it mostly waits for its first numbers


class Matrices(NamedTuple):
    """The product as the kernels compute it: the steps from number to number along each axis, in elements. A result
    that lies transposed is computed transposed (`swapped`): rows and columns, A and B have changed places."""

    M: int
    N: int
    K: int
    a_m: int
    a_k: int
    b_k: int
    b_n: int
    c_m: int
    c_n: int
    swapped: bool


def matrices(z: Sizes) -> Matrices:
    """Where the numbers are. The sums of A's rows can only be had unswapped."""
    a = (z.K, 1) if z.a_order == layout.PLAIN else (1, z.M)
    b = (z.N, 1) if z.b_order == layout.PLAIN else (1, z.K)
    c = (z.N, 1) if z.c_order == layout.PLAIN else (1, z.M)
    if c[1] > 1 and "row_sums" not in z.epilogue:
        return Matrices(z.N, z.M, z.K, *b[::-1], *a[::-1], *c[::-1], True)
    return Matrices(z.M, z.N, z.K, *a, *b, *c, False)


def function_of(epilogue: tuple[str, ...]) -> int:
    """The number of the activation, or of the gradient of one, in an epilogue."""
    return next((FUNCTIONS.index(step) for step in epilogue if step in FUNCTIONS), 0)


def cut(terms: int, tiles: int) -> int:
    """In how many pieces to add up `terms` terms, where the result has so many tiles: not more than can run at once,
    for a single one that has to wait doubles the time.

    >>> cut(100_000, 9), cut(100_000, 140), cut(300, 1)
    (29, 1, 2)
    """
    return max(1, min(BLOCKS // max(1, tiles), terms // SHORTEST))


def length_of(terms: int, pieces: int) -> int:
    """The length of a piece: whole slices, so that none but the last hangs over."""
    return max(16, -(-terms // pieces // 16) * 16)


def tile_of(M: int, N: int, terms: int, sides: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """Which of the tiles (rows, columns), from large to small, suits a result of M × N sums of so many terms.

    A large tile reads each number less often, but a GPU wants hundreds of blocks, and what hangs over the edge is
    computed for nothing. So: the largest that does not waste much more than another and fills the GPU, with its sums
    cut into pieces if need be; where none does, the one of which there are most.

    >>> tile_of(4096, 4096, 4096, ((128, 128), (64, 64), (32, 32)))
    (128, 128)
    >>> tile_of(128, 84, 120, ((128, 128), (64, 64), (32, 32)))
    (32, 32)
    """
    tiles = {side: -(-M // side[0]) * -(-N // side[1]) for side in sides}
    least = min(count * rows * columns for (rows, columns), count in tiles.items())
    good = [side for side in sides if tiles[side] * side[0] * side[1] <= 1.5 * least]
    blocks = {side: tiles[side] * cut(terms, tiles[side]) for side in good}
    return next((side for side in good if blocks[side] >= BLOCKS // 2), max(good, key=lambda side: blocks[side]))
