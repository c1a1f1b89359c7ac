"""Contract: where in its image the window of each image of a batch lies, drawn by a counter-based generator.

    places[n] = (numbers[n], top + a, left + b, mirrored)      what image_batch wants to know

              with a drawn from 0 … rows - 1, b from 0 … columns - 1, mirrored 1 with the probability of that name, else
              0; if mirrored, with `left_if_mirrored` in the place of left

ins   numbers (N,)    int64: which image of the data set
outs  places (N·4,)   int64
      state           uint64 (2,), only if something is drawn: the seed and the offset of the generator (philox.py)

**The output `state` is read and written**, where the generator keeps it, so that the next draw, also that of a captured
step that is replayed, goes on from there. Image n draws block offset + n: a is its word 0 times rows over 2³², rounded
down, b word 1 times columns likewise, and it is mirrored if word 2 is below `threshold`. The offset goes on by N.

`left_if_mirrored` differs from left where the image is mirrored within a frame that is wider on one side.

Sources: random cropping and mirroring are Krizhevsky et al. 2012, section 4.1; Philox is Salmon et al. 2011.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import layout
from ..dispatch import Output


class Rule(NamedTuple):
    """What is drawn for an image."""

    top: int = 0
    left: int = 0
    left_if_mirrored: int = 0
    rows: int = 1
    columns: int = 1
    mirrored: float = 0.0  # the probability

    @property
    def draws(self) -> bool:
        """Whether there is anything to draw."""
        return self.rows > 1 or self.columns > 1 or self.mirrored > 0

    def threshold(self) -> int:
        """What a word has to stay below for the image to be mirrored."""
        return math.ceil(self.mirrored * 2.0**32)


class Sizes(NamedTuple):
    """N images, all by one rule."""

    N: int
    rule: Rule

    def inputs(self) -> tuple[str, ...]:
        """The memory order of the input."""
        return (layout.PLAIN,)

    def outputs(self) -> tuple[Output, ...]:
        """The outputs."""
        places, state = Output((4 * self.N,), np.dtype(np.int64)), Output((2,), np.dtype(np.uint64), updated=True)
        return (places, state) if self.rule.draws else (places,)

    def numbers(self) -> dict[str, Any]:
        """The rule's whole numbers, for a kernel."""
        rule = self.rule._asdict()
        del rule["mirrored"]
        return rule
