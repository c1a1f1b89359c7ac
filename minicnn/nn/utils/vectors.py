"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from minicnn.autograd.tensor import Tensor
from minicnn.functional.joining import cat
from minicnn.nn.utils.gradients import not_recorded


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters in one vector, one after the other; recorded by autograd."""
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the values of a vector: the inverse of `parameters_to_vector`."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected Tensor, but got: {type(vec).__name__}")
    not_recorded("parameters out of a vector")
    start = 0
    for parameter in parameters:
        stop = start + parameter.numel()
        parameter.data = Tensor(vec._plain_array()[start:stop].reshape(parameter.shape))
        start = stop
