"""More products: of vectors, of batches of matrices, sums of them, tensordot, distances between points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.assembling import combinations
from minicnn.functional.common import Number, check_tensor, normal_axes, normal_axis
from minicnn.functional.creation import arange
from minicnn.functional.elementwise import add, mul, sub
from minicnn.functional.joining import narrow
from minicnn.functional.matmul import bmm, dot, matmul, mv, outer
from minicnn.functional.norms import norm
from minicnn.functional.rearrange import diagonal, roll
from minicnn.functional.reduce import sum
from minicnn.functional.shape import permute, reshape, unsqueeze


def _mixed(input: Tensor, product: Tensor, beta: Number, alpha: Number) -> Tensor:
    """beta · input + alpha · product; beta 0 leaves `input` out, NaN and all."""
    product = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return product
    return add(input if beta == 1 else mul(input, beta), product)


@operation(method="baddbmm", inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · batch1 @ batch2 of batches of matrices; `input` broadcasts to (B, M, N)."""
    return _mixed(check_tensor(input, "baddbmm"), bmm(batch1, batch2), beta, alpha)


@operation(method="addbmm", inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · the sum of the products of two batches of matrices, (M, N)."""
    return _mixed(check_tensor(input, "addbmm"), sum(bmm(batch1, batch2), 0), beta, alpha)


@operation(method="addmv", inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · mat @ vec; `input` broadcasts to (M,)."""
    return _mixed(check_tensor(input, "addmv"), mv(mat, vec), beta, alpha)


@operation(method="addr", inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · the outer product of two vectors; `input` broadcasts to (M, N)."""
    return _mixed(check_tensor(input, "addr"), outer(vec1, vec2), beta, alpha)


@operation(method="inner")
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products over the last axes of both: (…, K) and (…, K) give (…, …)."""
    check_tensor(input, "inner"), check_tensor(other, "inner", "other")
    if input.ndim == 0 or other.ndim == 0:
        return mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@operation(method="vdot")
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two 1-d tensors, 0-d."""
    return dot(input, other)


@operation()
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over the last `dims` axes of `a` and the first of `b`, or over two lists of axes."""
    check_tensor(a, "tensordot", "a"), check_tensor(b, "tensordot", "b")
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims >= 0 and at most {min(a.ndim, b.ndim)}, but got dims={dims}")
        of_a, of_b = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        of_a, of_b = (
            list(normal_axes(tuple(d) if isinstance(d, Sequence) else d, x.ndim)) if d not in ((), []) else []
            for d, x in zip(dims, (a, b), strict=True)
        )
    if len(of_a) != len(of_b):
        raise RuntimeError(f"both dimension lists should have same length, got {of_a} and {of_b}")
    for i, j in zip(of_a, of_b, strict=True):
        if a.shape[i] != b.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second has size "
                f"{b.shape[j]} in dim {j}"
            )
    kept_a, kept_b = ([i for i in range(x.ndim) if i not in of] for x, of in ((a, of_a), (b, of_b)))
    inside = math.prod(a.shape[i] for i in of_a)
    left = reshape(permute(a, (*kept_a, *of_a)), (math.prod(a.shape[i] for i in kept_a), inside))
    right = reshape(permute(b, (*of_b, *kept_b)), (inside, math.prod(b.shape[i] for i in kept_b)))
    return reshape(matmul(left, right), (*(a.shape[i] for i in kept_a), *(b.shape[i] for i in kept_b)))


@operation()
def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices, from left to right."""
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    result = check_tensor(matrices[0], "chain_matmul", "matrices")
    for matrix in matrices[1:]:
        result = matmul(result, matrix)
    return result


@operation(method="trace")
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix, 0-d."""
    if check_tensor(input, "trace").ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return sum(diagonal(input))


@operation(method="cross")
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product of vectors of three elements along `dim` (the first axis of length 3 without it)."""
    check_tensor(input, "cross"), check_tensor(other, "cross", "other")
    if dim is None:
        threes = [i for i, n in enumerate(input.shape) if n == 3]
        if not threes:
            raise RuntimeError(f"no dimension of size 3 in input of shape {list(input.shape)}")
        dim = threes[0]
    axis = normal_axis(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"inputs dimension {dim} must have length 3. Got {input.shape[axis]} and {other.shape[axis]}"
        )
    a, b = (roll(input, -1, axis), roll(input, -2, axis)), (roll(other, -1, axis), roll(other, -2, axis))
    return sub(mul(a[0], b[1]), mul(a[1], b[0]))


# --- distances --------------------------------------------------------------------------------------


@operation(method="dist")
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other, broadcast; 0-d."""
    return norm(sub(check_tensor(input, "dist"), check_tensor(other, "dist", "other")), p)


@operation()
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norm of the difference of every point of (…, P, M) and every one of (…, R, M): (…, P, R)."""
    for x, argument in ((x1, "x1"), (x2, "x2")):
        if check_tensor(x, "cdist", argument).ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {argument} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, got {p}")
    return norm(sub(unsqueeze(x1, -2), unsqueeze(x2, -3)), p, -1)


@operation()
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of all pairs of rows of a matrix (N, M), (N·(N-1)/2,)."""
    if check_tensor(input, "pdist").ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    pairs = combinations(arange(input.shape[0]))
    first, second = (reshape(narrow(pairs, 1, i, 1), -1) for i in (0, 1))
    return norm(sub(input[first], input[second]), p, 1)
