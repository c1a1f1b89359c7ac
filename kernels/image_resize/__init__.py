"""Contract: images of bytes in another size, bilinear, pixel for pixel as Pillow makes them.

Along one axis, output pixel j lies at s·(j + ½) among the input's pixels, s = W / OW. It is the mean of the pixels
around it with the weights of a triangle of half width max(s, 1), which sum to 1: where an image shrinks, the
triangle widens and no pixel is passed over.

    weight of pixel i:  max(0, 1 - |i + ½ - s·(j + ½)| / max(s, 1)), divided by the sum of them

The arithmetic is Pillow's, so that the bytes are: weights as whole numbers of 2⁻²², each rounded once; rows
first, rounded to bytes, then columns. An axis that keeps its length is left alone.

ins   images (total·C·H·W,)  uint8; each image as (C, H, W), or with `channels_last` as (H, W, C)
      numbers (N,)           int64: which of them
outs  y (N·C·OH·OW,)         uint8, the memory of (N, C, OH, OW)

Source: Pillow's ImagingResample.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

BITS = 22  # a weight 1 is 2²²: times 255 it fits 32 bits


class Sizes(NamedTuple):
    """`total` images in the data set, N of them wanted."""

    N: int
    total: int
    C: int
    H: int
    W: int
    OH: int
    OW: int
    channels_last: bool = False


def weights(length: int, new_length: int) -> tuple[Any, Any]:
    """The first input pixel of each output pixel (new_length,), and the weights from there on (new_length, taps).

    At least three taps where there are three pixels, the usual number, for which the loops are written out.
    """
    if length == new_length:
        return np.arange(length), np.full((length, 1), 1 << BITS, np.int64)
    scale = length / new_length
    half = max(scale, 1.0)
    first, rows = np.zeros(new_length, np.int64), []
    for j in range(new_length):
        centre = (j + 0.5) * scale
        begin, end = max(int(centre - half + 0.5), 0), min(int(centre + half + 0.5), length)
        row = [max(0.0, 1.0 - abs((i - centre + 0.5) * (1.0 / half))) for i in range(begin, end)]
        total = sum(row)
        first[j] = begin
        rows.append([int(0.5 + w / total * (1 << BITS)) for w in row])
    table = np.zeros((new_length, max(min(3, length), *map(len, rows))), np.int64)
    for j, row_of_j in enumerate(rows):
        table[j, : len(row_of_j)] = row_of_j
    # every row may read as many pixels: those that would begin too late begin earlier, with zeros in front
    for j in range(new_length):
        late = max(first[j] + table.shape[1] - length, 0)
        first[j], table[j] = first[j] - late, np.roll(table[j], late)
    return first, table
