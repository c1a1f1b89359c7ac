"""Contract: rows added to the rows of a table that they belong to, in their order.

    ins   values (terms, width)     the rows, of the table's dtype
          order  (terms,)   int64   their numbers: first those that belong to the table's row 0, then to row 1, …
          starts (rows + 1,) int64  where in `order` those of each row of the table begin, and behind the last, terms
    outs  table  (rows, width)

    table[r] += values[order[k]]    for k = starts[r], …, starts[r + 1] - 1, one after the other

**The output `table` is read and written.** The gradient of everything that looks numbers up: one number may have been
read from several places, and what they bring is added in the order of `order`, so the same bits come out each time.
(On the CPU NumPy's add.at does that without sorting; on a GPU its way would be an atomic addition, in any order.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..dispatch import Output


class Sizes(NamedTuple):
    """What a plan depends on."""

    rows: int
    width: int
    terms: int
    dtype: Any

    def outputs(self) -> tuple[Output, ...]:
        """The table."""
        return (Output((self.rows, self.width), self.dtype, updated=True),)
