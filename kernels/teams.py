"""How the threads of a GPU's block share rows of numbers, of which each has a sum or a maximum.

A row is any sequence of numbers that belong together: the classes of a sample, the pixels of a channel. Its team
is `members` threads of one block:

    members  apart    in a block of 256 threads
    1        1        a thread has a row                        256 short rows, neighbours in memory or nearly so
    32       1        a warp has a row                            8 rows, of neighbouring numbers
    256      1        the block has a row                         1 long row
    8        32       threads t, t + 32, t + 64 … have a row     32 rows that lie side by side, number for number

In the last one a warp reads one number of each of 32 rows, which are neighbours in memory. Each thread takes every
`members`-th number of its row, and then the team joins what its members have (reduce.cuh, gpu_teams.py): in an
order that the numbers in this table decide, so it depends on sizes alone.
"""

from __future__ import annotations

from typing import NamedTuple

from . import launch

WARP = 32
A_THREAD = 32  # numbers at most that one thread adds up alone, where its row lies by itself
A_WARP = 1024  # … that one warp adds up: 32 each
SIDE_BY_SIDE = 256  # … that one thread adds up where rows lie side by side


class Team(NamedTuple):
    """The threads of one row."""

    members: int
    apart: int

    @property
    def rows(self) -> int:
        """The rows of one block."""
        return launch.THREADS // self.members

    def blocks(self, rows: int, most: int | None = None) -> int:
        """The blocks for so many rows, at most `most` (launch.MOST_BLOCKS) of them: each then has several turns."""
        return min(-(-rows // self.rows), launch.MOST_BLOCKS if most is None else most)


def team(length: int, side_by_side: bool) -> Team:
    """The team for rows of `length` numbers, which lie one row after the other, or all rows `side_by_side`.

    >>> team(10, False), team(1000, False), team(5000, False).rows, team(10, True)
    (Team(members=1, apart=1), Team(members=32, apart=1), 1, Team(members=1, apart=1))
    """
    if side_by_side:
        return Team(1, 1) if length <= SIDE_BY_SIDE else columns()
    if length <= A_THREAD:
        return Team(1, 1)
    return Team(WARP, 1) if length <= A_WARP else Team(launch.THREADS, 1)


def columns() -> Team:
    """The team for 32 rows side by side."""
    return Team(launch.THREADS // WARP, WARP)
