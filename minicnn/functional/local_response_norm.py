"""Local response normalisation: a number divided by a power of the mean square of its neighbours among the channels."""

from __future__ import annotations

import math

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor
from minicnn.functional.pad import pad
from minicnn.functional.pool import avg_pool2d


@operation()
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha · m)^beta, m the mean of x² over `size` channels around that of x, zeros beside them.

    input (N, C, *) with at least three axes; ValueError with fewer. Source: Krizhevsky et al. 2012, section 3.3,
    with PyTorch's mean in place of the sum.

    >>> import minicnn
    >>> local_response_norm(minicnn.tensor([[[1.0], [2.0], [3.0]]]), 3, alpha=3.0, beta=0.5)[0, :, 0]
    tensor([0.4082, 0.5164, 0.8018])
    """
    if check_tensor(input, "local_response_norm").ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    if input.numel() == 0:
        return input
    N, C = input.shape[:2]
    squares = (input * input).reshape(N, 1, C, math.prod(input.shape[2:]))  # channels as rows of an image
    means = avg_pool2d(squares, (size, 1), 1, (size // 2, 0))
    if means.shape[2] > C:  # an even size has one more neighbour before than behind
        means = pad(means, (0, 0, 0, -1))
    below: Tensor = (means.reshape(input.shape) * alpha + k) ** beta
    return input / below
