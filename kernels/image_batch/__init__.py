"""Contract: images of bytes, from anywhere in a data set, as one batch of floating numbers.

    y[n, c, i, j] = table[c, pixel]      pixel = images[m, c, top + i, left + j], 0 beyond the image's edges

              with (m, top, left, mirrored) = places[n];  if mirrored, left and right of the window are
              exchanged: left + OW - 1 - j in the place of left + j

A crop of the padded image, and its mirror image, without padding or copying the data set. A byte has 256
values, so whatever is done to each pixel on its own (division by 255, then a mean and a deviation) is a table
that the caller makes with the very arithmetic it stands for.

ins   images (total·C·H·W,)  uint8; each image as (C, H, W), or with `channels_last` as (H, W, C)
      places (N·4,)          int64: the number of the image, top, left, and 0 or 1 for mirrored
      table  (C·256,)        of `dtype`
outs  y (N·C·OH·OW,)         of `dtype`, the memory of (N, C, OH, OW)
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """`total` images in the data set, N in the batch, windows of OH × OW."""

    N: int
    total: int
    C: int
    H: int
    W: int
    OH: int
    OW: int
    dtype: Any
    channels_last: bool = False
