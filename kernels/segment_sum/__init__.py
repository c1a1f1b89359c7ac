"""Contract: rows added to the rows of a table that they belong to, in their order.

    ins   values (terms, width)     the rows, of the table's dtype
          index  (terms,)   int64   where in the table each belongs; outside of 0 … rows - 1: nowhere
    outs  table  (rows, width)

    table[index[k]] += values[k]    for k = 0, …, terms - 1, one after the other

**The output `table` is read and written.** The gradient of everything that looks numbers up: one number may have been
read from several places, and what they bring is added in their order, so the same bits come out each time. (NumPy's
add.at does that on the CPU; on a GPU its way would be an atomic addition, in any order.)
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
