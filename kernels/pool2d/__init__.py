"""Contract: max and average pooling of planes, and their gradients.

The window of output (oh, ow) covers input positions oh·sh - ph + r·dh, ow·sw - pw + s·dw.

kind, direction   ins                              outs
max, forward      x                                y, argmax int32: h·W + w of the first maximum of the
                                                   window (NaN counts as larger than everything; -1 where
                                                   the window lies wholly in the padding, y is then -inf)
max, input        g, argmax                        dx: Σ of the g whose maximum it was
avg, forward      x, scale (OH·OW,)                y = scale · Σ of the window
avg, input        g, scale (OH·OW,)                dx: Σ of scale · g over the windows it lies in

x, dx are (N, C, H, W), y, g, argmax (N, C, OH, OW), all in memory order `order`; scale is plain, in the
dtype of x (1 / the number that a sum is divided by).

`epilogue` is (), or in the direction input ("tanh",), ("relu",) or ("sigmoid",): x was the output of that
activation, is one more input (the last one, in memory order `order`), and dx goes on to the gradient of what
went into it, as the kernel `activation` would compute it from dx and x.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Everything about a pooling but its numbers."""

    kind: str  # "max", "avg"
    direction: str  # "forward", "input"
    N: int
    C: int
    H: int
    W: int
    KH: int
    KW: int
    OH: int
    OW: int
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    dtype: Any
    order: str
    epilogue: tuple[str, ...] = ()

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """The shape of x and dx."""
        return (self.N, self.C, self.H, self.W)

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        """The shape of y, g and argmax."""
        return (self.N, self.C, self.OH, self.OW)
