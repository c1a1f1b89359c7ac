"""Matrix products: matmul (`@`) and its kin, and einsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.operation import Operation
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.functional.common import Expand, Number, check_tensor, sum_to
from minicnn.functional.product import Mm, product
from minicnn.functional.shape import Permute, View, reshape, squeeze, swapped, unsqueeze
from minicnn.kernels import layout


def turned(x: Any) -> Any:
    """The last two axes exchanged."""
    ndim = len(x.shape)
    return Permute(x, swapped(ndim, ndim - 2, ndim - 1))


def _mm(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices; batch-last if `a` is."""
    result: Tensor = Mm(a, b, None if a._batch_last else layout.PLAIN)
    return result


class Bmm(Operation):
    """(…, M, K) times (…, K, N), the axes in front broadcast"""

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.shapes = a.shape, b.shape
        ctx.save(a if ctx.needs(1) else None, b if ctx.needs(0) else None)
        return a @ b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        return (
            sum_to(Bmm(grad, turned(b)), ctx.shapes[0]) if ctx.needs(0) else None,
            sum_to(Bmm(turned(a), grad), ctx.shapes[1]) if ctx.needs(1) else None,
        )


class Mv(Operation):
    """(M, K) times (K,)"""

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.save(a, b)
        return a @ b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        grad_a = View(grad, (grad.shape[0], 1)) * View(b, (1, b.shape[0])) if ctx.needs(0) else None
        return grad_a, Mv(turned(a), grad) if ctx.needs(1) else None


class Dot(Operation):
    """(K,) times (K,)"""

    def forward(ctx, a: Any, b: Any) -> Any:
        ctx.save(a, b)
        return a @ b

    def backward(ctx, grad: Any) -> Any:
        a, b = ctx.saved()
        return grad * b if ctx.needs(0) else None, grad * a if ctx.needs(1) else None


def _same_dtype(a: Tensor, b: Tensor, name: str) -> None:
    if a._array.dtype != b._array.dtype:
        raise RuntimeError(f"{name}: expected both tensors to have the same dtype, but got {a.dtype} != {b.dtype}")


def _shapes(a: Tensor, b: Tensor) -> str:
    return f"({'x'.join(map(str, a.shape))} and {'x'.join(map(str, b.shape))})"


def _checked(a: Any, b: Any, name: str, ndims: tuple[int, int], arguments: tuple[str, str]) -> tuple[Tensor, Tensor]:
    """Two tensors of the numbers of axes that `name` takes, with equal inner lengths."""
    for x, ndim, argument in zip((a, b), ndims, arguments, strict=True):
        if check_tensor(x, name, argument).ndim != ndim:
            raise RuntimeError(f"{name}: `{argument}` must be a {ndim}-D tensor, got shape {list(x.shape)}")
    _same_dtype(a, b, name)
    if a.shape[-1] != b.shape[-2 if ndims[1] > 1 else -1]:
        raise RuntimeError(f"{name}: mat1 and mat2 shapes cannot be multiplied {_shapes(a, b)}")
    return a, b


@operation(method="mm")
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of (M, K) and (K, N): (M, N)."""
    return _mm(*_checked(input, mat2, "mm", (2, 2), ("input", "mat2")))


@operation(method="bmm")
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of (B, M, K) and (B, K, N), one by one: (B, M, N)."""
    _checked(input, mat2, "bmm", (3, 3), ("input", "mat2"))
    if input.shape[0] != mat2.shape[0]:
        raise RuntimeError(f"bmm: batch1 and batch2 must have the same number of batches {_shapes(input, mat2)}")
    return Bmm(input, mat2)


@operation(method="mv")
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of (M, K) and (K,): (M,)."""
    return Mv(*_checked(input, vec, "mv", (2, 1), ("input", "vec")))


@operation(method="dot")
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two 1-d tensors, 0-d."""
    return Dot(*_checked(input, tensor, "dot", (1, 1), ("input", "tensor")))


@operation(method="outer")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of (M,) and one of (N,): (M, N)."""
    for x, argument in ((input, "input"), (vec2, "vec2")):
        if check_tensor(x, "outer", argument).ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument `{argument}`, but got {x.ndim}-D")
    return unsqueeze(input, 1) * vec2


@operation(method="matmul", operators=("__matmul__", "__rmatmul__"))
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product; axes before the last two broadcast, a 1-d operand is a row (left) or a column."""
    a, b = check_tensor(input, "matmul"), check_tensor(other, "matmul", "other")
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D")
    _same_dtype(a, b, "matmul")
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else -1]:
        raise RuntimeError(f"matmul: mat1 and mat2 shapes cannot be multiplied {_shapes(a, b)}")
    if a.ndim == 1 and b.ndim == 1:
        return Dot(a, b)
    if a.ndim == 2 and b.ndim == 2:
        return _mm(a, b)
    if a.ndim == 2 and b.ndim == 1:
        return Mv(a, b)
    if a.ndim == 1:
        return squeeze(matmul(unsqueeze(a, 0), b), -2)
    if b.ndim == 1:
        return squeeze(matmul(a, unsqueeze(b, 1)), -1)
    if b.ndim == 2:  # the rows of all matrices at once
        rows = _mm(reshape(a, (-1, a.shape[-1])), b)
        return reshape(rows, (*a.shape[:-1], b.shape[-1]))
    try:
        np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise RuntimeError(
            f"matmul: the axes before the last two do not broadcast: {list(a.shape)} and {list(b.shape)}"
        ) from None
    return Bmm(a, b)


class Addmm(Operation):
    """beta · input + alpha · mat1 @ mat2"""

    def forward(ctx, input: Any, mat1: Any, mat2: Any, beta: Number, alpha: Number) -> Any:
        ctx.shape, ctx.beta, ctx.alpha = input.shape, beta, alpha
        ctx.save(mat1, mat2)
        result = product(mat1, mat2, order=layout.PLAIN)
        result = result if alpha == 1 else result * alpha
        return result if beta == 0 else result + (input if beta == 1 else input * beta)

    def backward(ctx, grad: Any) -> Any:
        mat1, mat2 = ctx.saved()
        scaled = grad if ctx.alpha == 1 else grad * ctx.alpha
        return (
            sum_to(grad if ctx.beta == 1 else grad * ctx.beta, ctx.shape) if ctx.needs(0) else None,
            Mm(scaled, turned(mat2), None) if ctx.needs(1) else None,
            Mm(turned(mat1), scaled, layout.PLAIN) if ctx.needs(2) else None,
            None,
            None,
        )


@operation(method="addmm", inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta · input + alpha · mat1 @ mat2; `input` broadcasts to (M, N)."""
    for name, value in (("beta", beta), ("alpha", alpha)):
        if not isinstance(value, int | float | np.number | np.bool_):
            raise TypeError(f"addmm(): argument `{name}` must be Number, not {type(value).__name__}: got {value!r}")
    _checked(mat1, mat2, "addmm", (2, 2), ("mat1", "mat2"))
    _same_dtype(check_tensor(input, "addmm"), mat1, "addmm")
    if mat1._array.dtype == bool:
        raise NotImplementedError(f'"addmm" not implemented for {mat1.dtype}; convert with .float()')
    shape = (mat1.shape[0], mat2.shape[1])
    try:
        fits = np.broadcast_shapes(input.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(f"addmm: `input` of shape {list(input.shape)} does not broadcast to {list(shape)}")
    return Addmm(input, mat1, mat2, beta, alpha)


# --- einsum -----------------------------------------------------------------------------------------


class Einsum(Operation):
    """Σ over the letters that the result does not have; the gradient is an einsum, too"""

    def forward(ctx, terms: tuple[str, ...], result: str, *operands: Any) -> Any:
        ctx.terms, ctx.result = terms, result
        ctx.save(*operands)
        xp = array_module(operands[0])
        return xp.einsum(f"{','.join(terms)}->{result}", *operands, optimize=True).copy()

    def backward(ctx, grad: Any) -> Any:
        operands = ctx.saved()
        grads: list[Any] = []
        for i, (term, operand) in enumerate(zip(ctx.terms, operands, strict=True)):
            if not ctx.needs(i + 2):
                grads.append(None)
                continue
            others = ctx.terms[:i] + ctx.terms[i + 1 :]
            known = "".join(c for c in term if c in ctx.result or any(c in other for other in others))
            part = Einsum((ctx.result, *others), known, grad, *operands[:i], *operands[i + 1 :])
            shape = tuple(operand.shape)
            lengths = iter(part.shape)
            kept = tuple(next(lengths) if c in known else 1 for c in term)  # 1: a letter that only `term` has
            full = tuple(m if n == 1 else n for n, m in zip(kept, shape, strict=True))
            grads.append(sum_to(Expand(View(part, kept), full), shape))
        return None, None, *grads


@operation()
def einsum(equation: str, *operands: Any) -> Tensor:
    """The sum of products that `equation` describes, e.g. einsum("bik,bkj->bij", a, b).

    Letters name axes, "..." stands for axes that broadcast; without "->" the letters that occur once remain,
    in alphabetical order. RuntimeError for an equation that does not fit, or with a letter twice in one term.
    """
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    given = [check_tensor(x, "einsum", "operands") for x in operands]
    if len(given) > 1 and all(x._array.dtype == bool for x in given):
        raise NotImplementedError('"einsum" not implemented for bools; convert `operands` with .float()')
    terms, result = _letters(equation, [x.ndim for x in given])
    lengths: dict[str, int] = {}
    for term, x in zip(terms, given, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            if lengths.setdefault(letter, n) not in (1, n) and n != 1:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {n} for an operand of shape {list(x.shape)} that "
                    f"does not broadcast with previously seen size {lengths[letter]}"
                )
            lengths[letter] = n if lengths[letter] == 1 else lengths[letter]
    return Einsum(terms, result, *given)


def _letters(equation: str, ndims: list[int]) -> tuple[tuple[str, ...], str]:
    """The terms and the result of an equation, with letters for the axes of "..."."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(ndims):
        raise RuntimeError(f"einsum(): `equation` {equation!r} has {len(parts)} terms for {len(ndims)} operands")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation]
    widest = max([n - len(p) + 3 for p, n in zip(parts, ndims, strict=True) if "..." in p], default=0)
    hidden = "".join(free[:widest])
    terms = []
    for part, ndim in zip(parts, ndims, strict=True):
        width = ndim - len(part) + 3
        term = part.replace("...", hidden[widest - width :] if width > 0 else "")
        if len(term) != ndim or len(set(term)) != ndim or not (term.isalpha() or not term):
            raise RuntimeError(
                f"einsum(): the term {part!r} of {equation!r} does not fit an operand with {ndim} axes; "
                "expected one letter for each, no letter twice"
            )
        terms.append(term)
    if arrow:
        result = right.replace("...", hidden)
    else:
        seen = "".join(terms)
        result = hidden + "".join(sorted(c for c in set(seen) - set(hidden) if seen.count(c) == 1))
    if any(c not in "".join(terms) for c in result) or len(set(result)) != len(result):
        raise RuntimeError(
            f"einsum(): the result {right!r} of {equation!r} has a letter that no term has, or one twice"
        )
    return tuple(terms), result
