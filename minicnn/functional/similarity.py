"""Directions and distances of vectors: normalize, cosine_similarity, pairwise_distance."""

from __future__ import annotations

from minicnn import dtypes
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import To, broadcast_shape, check_tensor
from minicnn.functional.elementwise import clamp
from minicnn.functional.norms import norm


@operation()
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Vectors along `dim` divided by their `p`-norm, or by `eps` if that is larger.

    >>> import minicnn
    >>> normalize(minicnn.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    lengths = clamp(norm(check_tensor(input, "normalize"), p, dim, keepdim=True), min=eps)
    result: Tensor = input / lengths.expand_as(input)
    return result if out is None else out.copy_(result)


@operation()
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between the vectors of x1 and x2 along `dim`, which is gone in the result.

    x1 and x2 are broadcast to a common shape first; lengths below `eps` count as `eps`. RuntimeError for shapes that
    do not fit and for whole numbers.

    >>> import minicnn
    >>> cosine_similarity(minicnn.tensor([[1.0, 0.0]]), minicnn.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    check_tensor(x1, "cosine_similarity", "x1"), check_tensor(x2, "cosine_similarity", "x2")
    kind = dtypes.result_type(x1._array, x2._array)
    if kind.kind != "f":
        raise RuntimeError(
            f"cosine_similarity(): expected common dtype to be floating point, got {x1.dtype} and {x2.dtype}"
        )
    shape = broadcast_shape(x1, x2, "cosine_similarity")
    directions = []
    for x in (x1, x2):
        vectors = x if x._array.dtype == kind else To(x, kind)
        vectors = vectors.expand(shape)
        length = norm(vectors, 2, dim, keepdim=True)
        bounded = length + (clamp(length, min=eps) - length).detach()  # the bound has no slope, as in PyTorch
        directions.append(vectors / bounded)
    result: Tensor = (directions[0] * directions[1]).sum(dim)
    return result


@operation()
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The `p`-norm of x1 - x2 + eps along the last axis, which is gone in the result (length 1 with `keepdim`).

    >>> import minicnn
    >>> pairwise_distance(minicnn.tensor([[0.0, 0.0]]), minicnn.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    check_tensor(x1, "pairwise_distance", "x1"), check_tensor(x2, "pairwise_distance", "x2")
    if x1.ndim == 0 and x2.ndim == 0:
        raise RuntimeError(f"pairwise_distance(): `x1` and `x2` must have an axis, got {list(x1.shape)}")
    return norm(x1 - x2 + eps, p, -1, keepdim)
