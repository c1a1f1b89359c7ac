"""Contract: plain to batch-last and back, a transpose of the matrix (rows, columns).

An array (N, C, H, W) in plain order is the matrix (N, C·H·W); in batch-last order its memory is the
transpose. `to_batch_last` True turns the first into the second, False the second into the first.

ins   the memory of the array as (rows·columns,), outs the same in the other order.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """`rows` is N, `columns` the product of all other lengths, whichever order it starts from."""

    rows: int
    columns: int
    dtype: Any
    to_batch_last: bool
