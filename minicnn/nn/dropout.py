"""Dropout layers: of elements, of channels, and those that go with SELU."""

from __future__ import annotations

from minicnn.autograd.tensor import Tensor
from minicnn.nn import functional as F
from minicnn.nn.module import Module


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, each element is 0 with probability `p` and divided by 1 - p otherwise; in evaluation
    the input as it is (Srivastava et al. 2014). ValueError for `p` outside [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        """`input` with elements dropped, of the same shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """In training, each channel of (N, C, L) or (C, L) is 0 with probability `p`, all of it, and divided by
    1 - p otherwise; in evaluation the input as it is. ValueError for `p` outside [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        """`input` with channels dropped, of the same shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """In training, each channel of (N, C, H, W) is 0 with probability `p`, all of it, and divided by 1 - p
    otherwise; in evaluation the input as it is (Tompson et al. 2015). ValueError for `p` outside [0, 1].

    >>> import minicnn
    >>> from minicnn import nn
    >>> generator = minicnn.manual_seed(0)
    >>> nn.Dropout2d()(minicnn.ones(1, 4, 1, 2))[0, :, 0]
    tensor([[2., 2.],
            [0., 0.],
            [2., 2.],
            [0., 0.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """`input` with channels dropped, of the same shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """In training, each channel of (N, C, D, H, W) is 0 with probability `p`, all of it, and divided by 1 - p
    otherwise; in evaluation the input as it is. ValueError for `p` outside [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        """`input` with channels dropped, of the same shape."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """In training, each element becomes SELU's lower limit with probability `p`, and all are scaled to keep mean and
    variance; in evaluation the input as it is (Klambauer et al. 2017). ValueError for `p` outside [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        """`input` with elements dropped, of the same shape."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels of (N, C, …). ValueError for `p` outside [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        """`input` with channels dropped, of the same shape."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
