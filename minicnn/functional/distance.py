"""Distances and angles between vectors."""

from __future__ import annotations

import math
from typing import Any

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import broadcast_shape, check_tensor, normal_axis
from minicnn.functional.norms import LinalgVectorNorm, norm
from minicnn.functional.reduce import sum as add_all
from minicnn.functional.selection import clamp


@operation()
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1·x2 / (max(|x1|, eps) · max(|x2|, eps)), of vectors along `dim`, which broadcast."""
    check_tensor(x1, "cosine_similarity", "x1"), check_tensor(x2, "cosine_similarity", "x2")
    shape = broadcast_shape(x1, x2, "cosine_similarity")
    if not (x1.is_floating_point() and x2.is_floating_point()):
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {x1.dtype}; use .float()")
    axis = normal_axis(dim, len(shape))
    a, b = (x / _at_least(norm(x.expand(shape), 2, axis, True), eps) for x in (x1, x2))
    return add_all(a * b, axis)


def _at_least(length: Tensor, limit: float) -> Tensor:
    """The length, or the limit where that is larger; the gradient passes by the limit, as in PyTorch."""
    bare = length.detach()
    return length + clamp(limit - bare, min=0.0)


class Norm(LinalgVectorNorm):
    """(Σ |x|^p)^(1/p)"""

    def name(ctx) -> str:
        return "NormBackward1"


@operation()
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last axis."""
    check_tensor(x1, "pairwise_distance", "x1"), check_tensor(x2, "pairwise_distance", "x2")
    difference = x1 - x2 + eps
    if math.isinf(p):
        return norm(difference, p, -1, keepdim)
    result: Tensor = Norm(difference, float(p), (normal_axis(-1, difference.ndim),), keepdim)
    return result


@operation()
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """input divided by its p-norm along `dim`, or by `eps` where that is larger."""
    check_tensor(input, "normalize")
    result: Tensor = input / clamp(norm(input, p, dim, True), min=eps)
    return result if out is None else out.copy_(result)
