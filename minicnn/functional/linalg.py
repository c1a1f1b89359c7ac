"""Linear algebra on matrices (…, N, N), through NumPy and LAPACK: `minicnn.linalg`.

inv, solve, det, slogdet and cholesky have gradients; the decompositions (svd, qr, eigh) have none and say so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Dim, check_tensor
from minicnn.functional.creation import eye
from minicnn.functional.elementwise import Mul
from minicnn.functional.extremes import amax, amin
from minicnn.functional.matmul import Bmm, matmul, turned
from minicnn.functional.norms import norm
from minicnn.functional.reduce import only_floating, sum
from minicnn.functional.return_types import named
from minicnn.functional.shape import View, squeeze, transpose, unsqueeze
from minicnn.functional.unary import abs_

SVD = named("linalg_svd", "U", "S", "Vh")
QR = named("linalg_qr", "Q", "R")
Eigh = named("linalg_eigh", "eigenvalues", "eigenvectors")
Lstsq = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
Slogdet = named("linalg_slogdet", "sign", "logabsdet")


class LinAlgError(RuntimeError):
    """A matrix that cannot be inverted, solved or decomposed."""


def _matrices(input: Tensor, name: str, square: bool = True) -> Tensor:
    only_floating(check_tensor(input, name, "A"), f"linalg.{name}")
    if input.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if square and input.shape[-1] != input.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {input.shape[-2]} by "
            f"{input.shape[-1]} matrices"
        )
    return input


def _computed(function: str, *arrays: Any, **options: Any) -> Any:
    """NumPy's function, in the arrays' own type; LinAlgError for NumPy's."""
    try:
        return getattr(array_module(arrays[0]).linalg, function)(*arrays, **options)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"linalg.{function}: {error}; the matrix has no {function} (it is singular)") from None


class Inverse(Operation):
    """A⁻¹; its differential is -A⁻¹ dA A⁻¹"""

    def forward(ctx, A: Any) -> Any:
        output = _computed("inv", A)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (output,) = ctx.saved()
        transposed = turned(output)
        return -Bmm(Bmm(transposed, grad), transposed)

    def name(ctx) -> str:
        return "LinalgInvExBackward0"


@operation(method="inverse")
def inv(A: Tensor) -> Tensor:
    """The inverse of each square matrix; LinAlgError where there is none."""
    result: Tensor = Inverse(_matrices(A, "inv"))
    return result


@operation(method="matrix_power")
def matrix_power(input: Tensor, n: int) -> Tensor:
    """A square matrix (or batch of them) multiplied by itself `n` times; by squaring. Negative `n`: of the inverse."""
    if check_tensor(input, "matrix_power").ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(f"matrix_power: the input must be a square matrix, got shape {list(input.shape)}")
    base = inv(input) if n < 0 else input
    result: Tensor | None = None
    for bit in reversed(f"{abs(n):b}"):
        if bit == "1":
            result = base if result is None else matmul(result, base)
        base = matmul(base, base)
    if result is None:
        return input * 0 + eye(input.shape[-1], dtype=input.dtype, device=input.device)
    return result


class Solve(Operation):
    """X with A X = B; the adjoint solves with Aᵀ"""

    def forward(ctx, A: Any, B: Any) -> Any:
        ctx.shapes = A.shape, B.shape
        output = _computed("solve", A, B)
        ctx.save(A, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        A, output = ctx.saved()
        grad_b = Solve(turned(A), grad)
        return -Bmm(grad_b, turned(output)), grad_b

    def name(ctx) -> str:
        return "LinalgSolveExBackward0"


@operation()
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B (or X A = B with `left` False); B is a vector or a matrix for each A."""
    _matrices(A, "solve")
    if check_tensor(B, "solve", "B").dtype is not A.dtype:
        raise RuntimeError(f"linalg.solve: Expected A and B to have the same dtype, got {A.dtype} and {B.dtype}")
    if not left:
        return transpose(solve(transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = unsqueeze(B, -1) if vector else B
    if right.shape[-2] != A.shape[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B: {list(A.shape)} and {list(B.shape)}"
        )
    batch = np.broadcast_shapes(tuple(A.shape[:-2]), tuple(right.shape[:-2]))
    result = Solve(A.expand(*batch, *A.shape[-2:]), right.expand(*batch, *right.shape[-2:]))
    return squeeze(result, -1) if vector else result


class Det(Operation):
    """The determinant; its gradient is det(A) A⁻ᵀ"""

    def forward(ctx, A: Any) -> Any:
        output = array_module(A).asarray(_computed("det", A), A.dtype)
        ctx.save(A, output)
        return output

    def backward(ctx, grad: Any) -> Any:
        A, output = ctx.saved()
        scale = View(Mul(grad, output), (*output.shape, 1, 1))
        return Mul(turned(Inverse(A)), scale)

    def name(ctx) -> str:
        return "LinalgDetBackward0"


@operation(method="det")
def det(A: Tensor) -> Tensor:
    """The determinant of each square matrix."""
    result: Tensor = Det(_matrices(A, "det"))
    return result


class LogAbsDet(Operation):
    """ln |det A|; its gradient is A⁻ᵀ"""

    def forward(ctx, A: Any) -> Any:
        ctx.save(A)
        return array_module(A).asarray(_computed("slogdet", A)[1], A.dtype)

    def backward(ctx, grad: Any) -> Any:
        (A,) = ctx.saved()
        return Mul(turned(Inverse(A)), View(grad, (*grad.shape, 1, 1)))

    def name(ctx) -> str:
        return "LinalgSlogdetBackward0"


@operation(method="slogdet")
def slogdet(A: Tensor) -> Any:
    """(sign, logabsdet) of the determinant of each square matrix, which may be too large or small itself."""
    array = _matrices(A, "slogdet")._plain_array()
    sign = array_module(array).asarray(_computed("slogdet", array)[0], array.dtype)
    return Slogdet(Tensor(sign), LogAbsDet(A))


class Cholesky(Operation):
    """L with L Lᵀ = A; the adjoint is L⁻ᵀ Φ(Lᵀ grad) L⁻¹, Φ the lower triangle with half the diagonal"""

    def forward(ctx, A: Any) -> Any:
        output = _computed("cholesky", A)
        ctx.save(output)
        return output

    def backward(ctx, grad: Any) -> Any:
        (L,) = ctx.saved()
        n = L.shape[-1]
        kind = (L._array if isinstance(L, Tensor) else L).dtype
        xp = array_module(L._array if isinstance(L, Tensor) else L)
        half = (xp.tril(xp.ones((n, n))) - xp.eye(n) / 2).astype(kind)
        middle = Mul(Bmm(turned(L), grad), half)
        back = Inverse(L)
        result = Bmm(Bmm(turned(back), middle), back)
        return (result + turned(result)) * 0.5

    def name(ctx) -> str:
        return "LinalgCholeskyExBackward0"


@operation(method="cholesky")
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangle L with L Lᵀ = A of each positive-definite matrix; LinAlgError for others."""
    result: Tensor = Cholesky(_matrices(A, "cholesky"))
    return transpose(result, -2, -1) if upper else result


class Decomposition(Operation):
    """NumPy's decomposition of that name; going back through it is refused"""

    def forward(ctx, function: str, options: dict[str, Any], *arrays: Any) -> Any:
        ctx.function = function
        results = _computed(function, *arrays, **options)
        xp = array_module(arrays[0])
        return tuple(map(xp.ascontiguousarray, results)) if isinstance(results, tuple) else xp.asarray(results)

    def backward(ctx, *grads: Any) -> Any:
        raise NotImplementedError(f"linalg.{ctx.function} has no gradient in minicnn: give it A.detach()")

    def name(ctx) -> str:
        return f"Linalg{ctx.function.capitalize()}Backward0"


@operation()
def svd(A: Tensor, full_matrices: bool = True) -> Any:
    """(U, S, Vh) with A = U diag(S) Vh of each matrix; no gradient."""
    return SVD(*Decomposition("svd", {"full_matrices": full_matrices}, _matrices(A, "svd", False)))


@operation()
def svdvals(A: Tensor) -> Tensor:
    """The singular values of each matrix, largest first; no gradient."""
    result: Tensor = Decomposition("svd", {"compute_uv": False}, _matrices(A, "svdvals", False))
    return result


@operation()
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q R of each matrix: orthonormal columns times an upper triangle; no gradient."""
    if mode not in ("reduced", "complete"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' or 'complete'")
    return QR(*Decomposition("qr", {"mode": mode}, _matrices(A, "qr", False)))


@operation()
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of each symmetric matrix, smallest first; no gradient."""
    return Eigh(*Decomposition("eigh", {"UPLO": UPLO}, _matrices(A, "eigh")))


@operation()
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of each symmetric matrix, smallest first; no gradient."""
    result: Tensor = Decomposition("eigvalsh", {"UPLO": UPLO}, _matrices(A, "eigvalsh"))
    return result


@operation(method="pinverse")
def pinv(A: Tensor, rcond: float | None = None) -> Tensor:
    """The pseudo-inverse of each matrix (Moore & Penrose); no gradient."""
    _matrices(A, "pinv", False)
    cut = max(A.shape[-2:]) * float(np.finfo(A._array.dtype).eps) if rcond is None else rcond
    result: Tensor = Decomposition("pinv", {"rcond": cut}, A)
    return result


@operation()
def matrix_rank(A: Tensor, tol: float | None = None) -> Tensor:
    """The number of singular values of each matrix that count, int64."""
    array = _matrices(A, "matrix_rank", False)._plain_array()
    return Tensor(array_module(array).asarray(_computed("matrix_rank", array, tol=tol), np.int64))


@operation()
def lstsq(A: Tensor, B: Tensor) -> Any:
    """(solution, residuals, rank, singular_values) of the X with the smallest ‖A X - B‖; no gradient."""
    _matrices(B, "lstsq", False)
    return Lstsq(*Decomposition("lstsq", {"rcond": None}, _matrices(A, "lstsq", False), B))


@operation()
def vector_norm(x: Tensor, ord: Any = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|^ord)^(1/ord) over `dim`, of all elements without it."""
    return norm(check_tensor(x, "vector_norm", "x"), ord, dim, keepdim, dtype)


@operation()
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of each matrix: "fro", 1 and -1 (sums of columns), inf and -inf (of rows), 2, -2 and "nuc" (singular
    values, without a gradient)."""
    if check_tensor(A, "matrix_norm", "A").ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    A = A if dtype is None else A.to(dtype)
    first, second = (d % A.ndim for d in dim)
    if ord == "fro":
        return norm(A, "fro", (first, second), keepdim)
    if ord in (1, -1, float("inf"), -float("inf")):
        within, over = (first, second) if abs(ord) == 1 else (second, first)
        sums = sum(abs_(A), within, True)
        result = (amax if ord > 0 else amin)(sums, over, True)
    elif ord in (2, -2, "nuc"):
        values = svdvals(A.movedim((first, second), (-2, -1)))
        result = sum(values, -1) if ord == "nuc" else (amax if ord > 0 else amin)(values, -1)
        result = unsqueeze(unsqueeze(result, min(first, second)), max(first, second))
    else:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    return result if keepdim else squeeze(result, (first, second))


@operation()
def linalg_norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`vector_norm` (2, or `ord`) of vectors and over one axis; `matrix_norm` with an `ord` of matrices."""
    if ord is not None and ((isinstance(dim, tuple) and len(dim) == 2) or (dim is None and A.ndim == 2)):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if ord is not None and dim is None and A.ndim > 2:
        raise RuntimeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
                           f"{A.ndim}D.")  # fmt: skip
    return norm(A, 2 if ord is None else ord, dim, keepdim, dtype)


@operation()
def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number of each matrix: how much it can magnify a relative error."""
    if p in (None, 2):
        values = svdvals(_matrices(A, "cond", False))
        return amax(values, -1) / amin(values, -1)
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


@operation()
def multi_dot(tensors: Any) -> Tensor:
    """The product of several matrices; the first and the last may be vectors."""
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    result = tensors[0]
    for other in tensors[1:]:
        result = matmul(result, other)
    return result
