"""Contract: max and average pooling of planes, and their gradients.

The window of output (oh, ow) covers input positions oh·sh - ph + r·dh, ow·sw - pw + s·dw.

kind, direction   ins                              outs
max, forward      x                                y, argmax int32: h·W + w of the first maximum of the
                                                   window (NaN counts as larger than everything, the last
                                                   one; -1 where the window lies wholly in the padding, y is
                                                   then -inf)
max, input        g, argmax                        dx: Σ of the g whose maximum it was
avg, forward      x                                y = scale · Σ of the window
avg, input        g                                dx: Σ of scale · g over the windows it lies in

x, dx are (N, C, H, W), y, g, argmax (N, C, OH, OW), all in memory order `order`. scale is 1 / `divisor`, or
where that is None, and the dilation 1, 1 / the number of pixels of the window, those of the padding among them if
`padded`.

`epilogue` is (), or in the direction input ("tanh",), ("relu",) or ("sigmoid",): x was the output of that
activation, is one more input (the last one, in memory order `order`), and dx goes on to the gradient of what
went into it, as the kernel `activation` would compute it from dx and x.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


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
    divisor: int | None = None
    padded: bool = True

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """The shape of x and dx."""
        return (self.N, self.C, self.H, self.W)

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        """The shape of y, g and argmax."""
        return (self.N, self.C, self.OH, self.OW)

    def divisors(self) -> np.ndarray:
        """What the sum of each window is divided by, (OH·OW,). A window that hangs over the image counts up to the
        padding."""
        if self.divisor is not None:
            return np.full(self.OH * self.OW, self.divisor)
        counts = []
        for axis in range(2):
            length, kernel = (self.H, self.W)[axis], (self.KH, self.KW)[axis]
            start = np.arange((self.OH, self.OW)[axis]) * self.stride[axis] - self.padding[axis]
            end = np.minimum(start + kernel, length + self.padding[axis])
            if not self.padded:
                start, end = np.maximum(start, 0), np.minimum(end, length)
            counts.append(end - start)
        return np.outer(*counts).reshape(-1)

    def scale(self) -> np.ndarray:
        """1 / divisor of each window, in the dtype of the images."""
        with np.errstate(divide="ignore"):
            return (1 / self.divisors()).astype(self.dtype)
