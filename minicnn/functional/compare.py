"""Questions about whole tensors: all, any, how many, equal, close. They have no gradient."""

from __future__ import annotations

import numpy as np

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, as_array
from minicnn.functional.common import (
    Dim,
    check_tensor,
    normal_axes,
    operands,
)
from minicnn.functional.reduce import sum


def _reduced(function: str, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    array = check_tensor(input, function)._plain_array()
    result = getattr(array_module(array), function)(array, axis=normal_axes(dim, array.ndim), keepdims=keepdim)
    result = result.astype(np.uint8) if array.dtype == np.uint8 else result  # as PyTorch
    return Tensor(as_array(result))


@operation(method="all")
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements (along `dim`) are not 0, bool."""
    return _reduced("all", input, dim, keepdim)


@operation(method="any")
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether an element (along `dim`) is not 0, bool."""
    return _reduced("any", input, dim, keepdim)


@operation(method="count_nonzero")
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements (along `dim`) are not 0, int64."""
    return sum(check_tensor(input, "count_nonzero").detach() != 0, dim)


@operation(method="equal")
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both tensors have the same shape and equal elements, a Python bool."""
    check_tensor(input, "equal"), check_tensor(other, "equal", "other")
    return input.shape == other.shape and bool((input._plain_array() == other._plain_array()).all())


@operation(method="isclose")
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|input - other| ≤ atol + rtol · |other|, element by element, bool."""
    check_tensor(input, "isclose"), check_tensor(other, "isclose", "other")
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}")
    a, b = (x._plain_array() for x in operands(input.detach(), other.detach(), name="isclose"))
    return Tensor(as_array(array_module(a).isclose(a, b, rtol, atol, equal_nan)))


@operation(method="allclose")
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere, a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())
