"""torch.autograd.Variable: what a Tensor that takes part in autograd was called before 2018."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn.autograd.tensor import Tensor


class _AnyTensor(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor)


class Variable(metaclass=_AnyTensor):
    """`Variable(data)` is another Tensor on the memory of `data`; every Tensor is an instance of Variable.

    TypeError if `data` is not a Tensor. `volatile` has no effect but a warning: use `no_grad()`.

    >>> import minicnn
    >>> Variable(minicnn.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        """The Tensor."""
        if volatile is not None:
            text = "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."
            warnings.warn(text, stacklevel=2)
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable `data` has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
