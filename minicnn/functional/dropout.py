"""Dropout: random numbers of PyTorch's, bit for bit."""

from __future__ import annotations

from typing import Any

from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import check_tensor
from minicnn.functional.elementwise import Mul
from minicnn.functional.sampling import default_generator


@operation()
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element is 0 with probability `p`, else divided by 1 - p; `input` itself if not `training`.

    ValueError if `p` is not in [0, 1]. The mask is drawn in logical order, whatever the memory order.
    Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
    """
    check_tensor(input, "dropout")
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got `p` {p}")
    if not training or p == 0:
        return input
    if not input.is_floating_point() and p < 1:
        raise RuntimeError(
            f"dropout(): result type float32 can't be cast to `input`'s type {input.dtype}; use .float()"
        )
    if inplace:
        check_inplace(input, False, "dropout_")
    result: Tensor = Mul(input, _mask(input, p))
    return write(input, result, "dropout_") if inplace else result


def _mask(input: Tensor, p: float) -> Any:
    """0 or 1 / (1 - p), in input's dtype; no number is drawn for p = 1."""
    array = input._array
    xp = array_module(array)
    if p == 1:
        return xp.zeros(array.shape, array.dtype)
    keep = default_generator.bernoulli(array.shape, 1 - p)
    return xp.asarray(keep.astype(array.dtype) / array.dtype.type(1 - p))
