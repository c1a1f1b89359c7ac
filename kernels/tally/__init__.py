"""Contract: loss and hits of a batch, added to sums that stay on the device.

    total = total + loss · N                   float64, like the sum that Python would keep
    hits  = hits + number of rows n whose largest score, the first of equal ones, is that of labels[n]

ins   loss (1,)        of `dtype`: the mean of the batch
      scores (N·C,)    of `dtype`
      labels (N,)      int64
outs  total (1,)       float64
      hits (1,)        int64

**Both outputs are read and written.** A NaN counts as larger than every number, as in argmax.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import layout
from ..dispatch import Output


class Sizes(NamedTuple):
    """N rows of C ≥ 1 scores."""

    N: int
    C: int
    dtype: Any

    def inputs(self) -> tuple[str, ...]:
        """The memory orders of the inputs."""
        return (layout.PLAIN,) * 3

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        return tuple(Output((1,), np.dtype(kind), updated=True) for kind in (np.float64, np.int64))
