"""Activation layers: ReLU, Tanh, Sigmoid, Softmax, LogSoftmax. Input and output have one shape."""

from __future__ import annotations

from minicnn.autograd.tensor import Tensor
from minicnn.nn import functional as F
from minicnn.nn.module import Module


class ReLU(Module):
    """max(x, 0), element by element; `inplace` writes over the input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """max(input, 0)"""
        return F.relu(input, inplace=self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """tanh x, element by element."""

    def forward(self, input: Tensor) -> Tensor:
        """tanh(input)"""
        return F.tanh(input)


class Sigmoid(Module):
    """1 / (1 + e^-x), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        """1 / (1 + exp(-input))"""
        return F.sigmoid(input)


class Softmax(Module):
    """e^x divided by its sum along `dim`: positive numbers that add up to 1."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The softmax of `input` along `dim`."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of the softmax along `dim`, without its overflow."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The log-softmax of `input` along `dim`."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
