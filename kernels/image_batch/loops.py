"""The compiled loop behind cpu_numba.py.

Looking a byte up in a table costs one load more than reading it, two divisions and a subtraction cost more;
and the table of a channel (1 KB) stays in the first cache.

Places in memory are unsigned here: Numba lets a signed -1 mean the last element, and asks at every pixel.
Slices would spare that too, but a slice a row costs more than the row.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..compiled import compiled, inner

u8 = np.uint64


@inner
def look_up(images, start, step, table, colours, y, to, total, mirrored):
    """y[to + j] = table[colours + images[start + j·step]] for `total` pixels, or from the other end if `mirrored`."""
    if mirrored:
        last = to + total - u8(1)
        for j in range(total):
            y[last - j] = table[colours + images[start + j * step]]
    elif step == 1:
        for j in range(total):
            y[to + j] = table[colours + images[start + j]]
    else:
        for j in range(total):
            y[to + j] = table[colours + images[start + j * step]]


@inner
def paint(y, to, total, colour):
    """y[to + j] = colour for `total` pixels."""
    for j in range(total):
        y[to + j] = colour


@compiled(parallel=True)
def assemble(images, places, table, y, C, H, W, OH, OW, right, channel):
    """One image of the batch a task; `right` and `channel` are steps in memory."""
    for n in prange(places.size // 4):
        first, top, left, mirrored = places[4 * n] * C * H * W, places[4 * n + 1], places[4 * n + 2], places[4 * n + 3]
        # the part of the window that lies in the image: `rows` rows after `above`, `inside` pixels after `before`
        above, before = min(max(-top, 0), OH), min(max(-left, 0), OW)
        rows, inside = max(min(H - top, OH) - above, 0), max(min(W - left, OW) - before, 0)
        begin = OW - before - inside if mirrored else before  # where that part begins in a row of y
        if inside == W and OW == W and not mirrored:  # whole rows lie one behind the other, on both sides
            run, runs = rows * W, 1
        else:
            run, runs = inside, rows
        for c in range(C):
            colours = u8(256 * c)
            plane = (n * C + c) * OH * OW
            if rows * inside < OH * OW:
                paint(y, u8(plane), u8(OH * OW), table[colours])
            if rows * inside > 0:
                source = first + c * channel + ((top + above) * W + left + before) * right
                target = plane + above * OW + begin
                for i in range(runs):
                    start, to = u8(source + i * W * right), u8(target + i * OW)
                    look_up(images, start, u8(right), table, colours, y, to, u8(run), mirrored)
