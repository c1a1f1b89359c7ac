"""The machine code of `tile`, compiled once for all loops that call it by its address.

Compiled into its callers it would be compiled anew for each, and for each of the forms in which they are wanted.
"""

from __future__ import annotations

import functools
from typing import Any

from .compiled import entry_point
from .tile import tile_body


def run_tile(
    x: Any, offsets: Any, w: Any, y: Any, start: Any, t0: Any, rows: Any, row_step: Any, taps: Any, w_tap: Any,
    w_row: Any, K: Any, ldy: Any, L: Any, mode: Any, pixels: Any, x_pixel: Any, y_pixel: Any,
) -> None:  # fmt: skip
    """`tile.tiles` on addresses."""
    tile_body(
        x, offsets, w, y, start,
        (t0, rows, row_step, taps, w_tap, w_row, K, ldy, L, mode, pixels, x_pixel, y_pixel),
    )  # fmt: skip


@functools.lru_cache(maxsize=2)
def tile_code(dtype: Any) -> int:
    """The address of `run_tile` for arrays of `dtype`."""
    from numba import from_dtype, types

    element = types.CPointer(from_dtype(dtype))
    pointers = (element, types.CPointer(types.int64), element, element, element)
    return entry_point(run_tile, types.void(*pointers, *(types.int64,) * 13))
