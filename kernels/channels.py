"""How the channels of (N, C, pixels) are cut into slices for a GPU, each for a team of threads (channels.cuh)."""

from __future__ import annotations

from typing import NamedTuple

from . import launch
from .teams import Team, columns

A_THREAD = 32  # numbers of a slice for each thread
MOST_SLICES = 4096  # of a channel
FETCHED = 8  # neighbouring float32 that memory gives at once, needed or not
MOST = 1 << 30  # numbers of a channel at most in CUDA C++, whose kernels count them with an int


class Slices(NamedTuple):
    """The lengths that a kernel gets, its grid, and the bytes of two float64 for each slice."""

    lengths: dict[str, int]
    grid: tuple[int, ...]
    scratch_bytes: int


def cut(N: int, C: int, pixels: int) -> Slices:
    """The slices of C channels of N·pixels numbers each."""
    m = N * pixels
    team = columns() if pixels < FETCHED <= C else Team(launch.THREADS, 1)
    slices = min(max(1, -(-m // (A_THREAD * team.members))), MOST_SLICES)
    lengths = {
        "N": N, "C": C, "pixels": pixels, "slices": slices, "length": -(-m // slices), "members": team.members,
        "apart": team.apart,
    }  # fmt: skip
    return Slices(lengths, (-(-C // team.rows) * slices,), 16 * slices * C)
