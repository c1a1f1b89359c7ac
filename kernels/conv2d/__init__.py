"""Contract: 2-d convolution (cross-correlation, as everywhere in deep learning) and its two adjoints.

    forward   y[n,k,oh,ow]  = bias[k] + Σ_{c,r,s} w[k,c,r,s] · x[n, c, oh·sh - ph + r·dh, ow·sw - pw + s·dw]
    input     dx[n,c,h,w]   = bias[c] + Σ over all (k, oh, ow, r, s) that met x[n,c,h,w]:  w[k,c,r,s] · g[n,k,oh,ow]
    weight    dw[k,c,r,s]   = Σ_{n,oh,ow} g[n,k,oh,ow] · x[n, c, oh·sh - ph + r·dh, ow·sw - pw + s·dw]
              db[k]         = Σ_{n,oh,ow} g[n,k,oh,ow]

`input` is the gradient of `forward` with respect to x, and the forward pass of the transposed
convolution. With groups, k and c run within one group.

direction   ins                    outs
forward     x, w [, bias (K,)]     y  (N, K, OH, OW) [, pooled [, argmax]] (N, K, OH//2, OW//2)
input       g, w [, bias (C,)]     dx (N, C, H, W)
              [, activated]        (N, C, H, W)
weight      x, g                   dw (K, C/groups, KH, KW) [, db (K,)]

x is (N, C, H, W), g and y (N, K, OH, OW), w (K, C/groups, KH, KW). The plan chooses the memory order
of x, y, g, dx (plain or batch-last); w, bias, dw, db are plain. `padding` is what lies before the
first row and column; what lies behind the last follows from OH and OW.

`epilogue` is () or says, in this order, what is done while the numbers are in the cache:
    "bias"                                                 the sums begin with the bias (weight: db is wanted)
    "tanh", "relu" or "sigmoid"                            y = f(y), as the kernel `activation` does (not weight)
    "tanh_gradient", "relu_gradient", "sigmoid_gradient"   (input only, without the line above) dx = dx · f'(…) from
                                                           activated = f(…), the last input, in the order of dx
    "avgpool2" or "maxpool2"                               (forward only) pooled = 2×2 pooling of y with stride 2, as
                                                           the kernel `pool2d` does, an odd last row or column left
                                                           out; with "maxpool2" argmax (int32) is one more output.
                                                           Both lie in the order of y
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Sizes(NamedTuple):
    """Everything about a convolution but its numbers."""

    direction: str  # "forward", "input", "weight"
    N: int
    C: int
    H: int
    W: int
    K: int
    KH: int
    KW: int
    OH: int
    OW: int
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    dtype: Any
    epilogue: tuple[str, ...] = ()

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """The shape of x and dx."""
        return (self.N, self.C, self.H, self.W)

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        """The shape of y and g."""
        return (self.N, self.K, self.OH, self.OW)

    @property
    def w_shape(self) -> tuple[int, int, int, int]:
        """The shape of w and dw."""
        return (self.K, self.C // self.groups, self.KH, self.KW)
