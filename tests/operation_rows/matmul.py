"""Rows of functional/matmul.py."""

from __future__ import annotations

from operation_rows import Table, distinct, integers, normal, positive, values

table = Table()
add, refuse = table.add, table.refuse
NONE = {"differentiable": False}

add("matmul", lambda m, a, b: a @ b, normal(3, 4), normal(4, 2))
add("matmul", lambda m, a, b: a @ b.t(), normal(3, 4), normal(2, 4))
add("matmul", lambda m, a, b: m.matmul(a, b), normal(4), normal(4))
add("matmul", lambda m, a, b: m.matmul(a, b), normal(3, 4), normal(4))
add("matmul", lambda m, a, b: m.matmul(a, b), normal(4), normal(4, 2), grad_fn=False)
add("matmul", lambda m, a, b: a @ b, normal(2, 3, 4), normal(4, 2), grad_fn=False)
add("matmul", lambda m, a, b: a @ b, normal(2, 3, 4), normal(4), grad_fn=False)
add("matmul", lambda m, a, b: a @ b, normal(2, 1, 3, 4), normal(5, 4, 2), grad_fn=False)
add("matmul", lambda m, a, b: a @ b, normal(4), normal(2, 4, 3), grad_fn=False)
add("matmul", lambda m, a, b: a @ b, integers(3, 4), integers(4, 2))
add("matmul", lambda m, a, b: a @ b, normal(0, 4), normal(4, 2))
add("mm", lambda m, a, b: m.mm(a, b), normal(3, 4), normal(4, 2))
add("bmm", lambda m, a, b: m.bmm(a, b), normal(2, 3, 4), normal(2, 4, 2))
add("mv", lambda m, a, b: m.mv(a, b), normal(3, 4), normal(4))
add("dot", lambda m, a, b: m.dot(a, b), normal(4), normal(4))
add("outer", lambda m, a, b: m.outer(a, b), normal(4), normal(3))
add("addmm", lambda m, c, a, b: m.addmm(c, a, b), normal(2), normal(3, 4), normal(4, 2))
add("addmm", lambda m, c, a, b: m.addmm(c, a, b, beta=0.5, alpha=2), normal(3, 2), normal(3, 4), normal(4, 2))
add("einsum", lambda m, a, b: m.einsum("ij,jk->ik", a, b), normal(3, 4), normal(4, 2), grad_fn=False)
add("einsum", lambda m, a, b: m.einsum("bij,bjk", a, b), normal(2, 3, 4), normal(2, 4, 2), grad_fn=False)
add("einsum", lambda m, a, b: m.einsum("i,j->ij", a, b), normal(3), normal(4), grad_fn=False)
add("einsum", lambda m, a: m.einsum("ij->j", a), normal(3, 4), grad_fn=False)
add("einsum", lambda m, a: m.einsum("ij->ji", a), normal(3, 4), grad_fn=False)
add("einsum", lambda m, a, b: m.einsum("...ij,kj->...ik", a, b), normal(2, 3, 4), normal(5, 4), grad_fn=False)
add("einsum", lambda m, a, b: m.einsum("b...,b...->b", a, b), normal(2, 3, 4), normal(2, 1, 4), grad_fn=False)
add(
    "einsum",
    lambda m, a, b, c: m.einsum("nc,ck,nk->", a, b, c),
    normal(3, 4),
    normal(4, 2),
    normal(3, 2),
    grad_fn=False,
)

add(
    "baddbmm",
    lambda m, c, a, b: m.baddbmm(c, a, b, beta=0.5, alpha=2),
    normal(2, 1, 4),
    normal(2, 3, 5),
    normal(2, 5, 4),
    grad_fn=False,
)
add("addbmm", lambda m, c, a, b: m.addbmm(c, a, b), normal(3, 4), normal(2, 3, 5), normal(2, 5, 4), grad_fn=False)
add("addmv", lambda m, c, a, b: m.addmv(c, a, b, alpha=2), normal(3), normal(3, 4), normal(4), grad_fn=False)
add("addr", lambda m, c, a, b: m.addr(c, a, b, beta=0), normal(3, 4), normal(3), normal(4), grad_fn=False, second=False)
add("inner", lambda m, a, b: m.inner(a, b), normal(2, 3), normal(4, 3), grad_fn=False)
add("inner", lambda m, a, b: m.inner(a, b), normal(3), normal(3), grad_fn=False)
add("vdot", lambda m, a, b: m.vdot(a, b), normal(3), normal(3), grad_fn=False)
add("ger", lambda m, a, b: m.ger(a, b), normal(3), normal(2))
add("tensordot", lambda m, a, b: m.tensordot(a, b), normal(2, 3, 4), normal(3, 4, 5), grad_fn=False)
add("tensordot", lambda m, a, b: m.tensordot(a, b, dims=([0, 2], [1, 0])), normal(2, 3, 4), normal(4, 2), grad_fn=False)
add("tensordot", lambda m, a, b: m.tensordot(a, b, 0), normal(2), normal(3), grad_fn=False)
add(
    "chain_matmul",
    lambda m, a, b, c: m.linalg.multi_dot([a, b, c]),
    normal(2, 3),
    normal(3, 4),
    normal(4, 2),
    grad_fn=False,
)
add("multi_dot", lambda m, a, b: m.linalg.multi_dot([a, b]), normal(3), normal(3, 4), grad_fn=False)
add("trace", lambda m, a: m.trace(a), normal(3, 4), grad_fn=False)
add("cross", lambda m, a, b: m.cross(a, b, dim=0), normal(3, 4), normal(3, 4), grad_fn=False)
add("cross", lambda m, a, b: m.linalg.cross(a, b, dim=1), normal(2, 3), normal(2, 3), grad_fn=False)
add("matrix_power", lambda m, a: m.matrix_power(a, 3), normal(3, 3), grad_fn=False)
add("matrix_power", lambda m, a: m.linalg.matrix_power(a, 0), normal(3, 3), grad_fn=False, second=False)
add("matrix_power", lambda m, a: a.matrix_power(-2), normal(3, 3), grad_fn=False)
add("dist", lambda m, a, b: m.dist(a, b), normal(2, 3), normal(3), grad_fn=False)
add("dist", lambda m, a, b: m.dist(a, b, 1), normal(2, 3), normal(3), grad_fn=False)
add("cdist", lambda m, a, b: m.cdist(a, b), normal(4, 3), normal(5, 3), grad_fn=False, second=False)
add("cdist", lambda m, a, b: m.cdist(a, b, p=1), normal(2, 4, 3), normal(2, 5, 3), grad_fn=False, second=False)
add("pdist", lambda m, a: m.pdist(a), normal(4, 3), grad_fn=False, second=False)
add("inv", lambda m, a: m.linalg.inv(a), normal(3, 3))
add("inv", lambda m, a: m.inverse(a), normal(2, 3, 3))
add("solve", lambda m, a, b: m.linalg.solve(a, b), normal(3, 3), normal(3, 2), grad_fn=False)
add("solve", lambda m, a, b: m.linalg.solve(a, b), normal(2, 3, 3), normal(2, 3), grad_fn=False)
add("solve", lambda m, a, b: m.linalg.solve(a, b, left=False), normal(3, 3), normal(2, 3), grad_fn=False)
add("det", lambda m, a: m.det(a), normal(3, 3))
add("det", lambda m, a: m.linalg.det(a), normal(2, 3, 3))
add("slogdet", lambda m, a: m.slogdet(a)[1], normal(3, 3), grad_fn=False)
add("slogdet", lambda m, a: m.linalg.slogdet(a), normal(2, 3, 3), **NONE)
add("cholesky", lambda m, a: m.linalg.cholesky(a @ a.T + m.eye(3, dtype=a.dtype)), normal(3, 3))
add("svd", lambda m, a: (lambda r: r.U * r.S @ r.Vh)(m.linalg.svd(a, full_matrices=False)), normal(3, 2), **NONE)
add("svdvals", lambda m, a: m.linalg.svdvals(a), normal(2, 3, 2), **NONE)
add("qr", lambda m, a: m.linalg.qr(a).R.abs(), normal(3, 2), **NONE)
add("eigh", lambda m, a: m.linalg.eigh(a @ a.T).eigenvalues, normal(3, 3), **NONE)
add("eigvalsh", lambda m, a: m.linalg.eigvalsh(a @ a.T), normal(3, 3), **NONE)
add("pinv", lambda m, a: m.pinverse(a), normal(3, 2), **NONE)
add("matrix_rank", lambda m, a: m.linalg.matrix_rank(a), values([1.0, 2.0], [2.0, 4.0], [0.0, 1.0]), **NONE)
add("lstsq", lambda m, a, b: m.linalg.lstsq(a, b).solution, normal(4, 2), normal(4, 3), **NONE)
add("cond", lambda m, a: m.linalg.cond(a), normal(3, 3), **NONE)
add("cond", lambda m, a: m.linalg.cond(a, 1), normal(3, 3), **NONE)
add("vector_norm", lambda m, a: m.linalg.vector_norm(a, 3, 1), normal(2, 3))
for order in ("fro", 1, -1, float("inf"), -float("inf")):
    add("matrix_norm", lambda m, a, p=order: m.linalg.matrix_norm(a, p), distinct(2, 3, 4), grad_fn=False)
for order in (2, -2, "nuc"):
    add("matrix_norm", lambda m, a, p=order: m.linalg.matrix_norm(a, p, keepdim=True), normal(2, 3, 4), **NONE)
add("linalg_norm", lambda m, a: m.linalg.norm(a), normal(2, 3), grad_fn=False)
add("linalg_norm", lambda m, a: m.linalg.norm(a, 1), distinct(2, 3), grad_fn=False)
add("linalg_norm", lambda m, a: m.linalg.norm(a, dim=1), normal(2, 3), grad_fn=False)
add("linalg_norm", lambda m, a: m.linalg.norm(a, float("inf"), dim=1), positive(2, 3), grad_fn=False)

refuse("matmul", lambda m: m.ones(3, 4) @ m.ones(3, 4), RuntimeError)
refuse("matmul", lambda m: m.ones(3) @ m.ones(4), RuntimeError)
refuse("matmul", lambda m: m.ones(()) @ m.ones(4), RuntimeError)
refuse("matmul", lambda m: m.ones(3, 4) @ 2, TypeError)
refuse("matmul", lambda m: m.ones(2, 3, 4) @ m.ones(3, 4, 2), RuntimeError)
refuse("matmul", lambda m: m.ones(2, 2) @ m.ones(2, 2, dtype=m.float64), RuntimeError)
refuse("mm", lambda m: m.ones(3).mm(m.ones(3)), RuntimeError)
refuse("bmm", lambda m: m.ones(2, 3, 4).bmm(m.ones(3, 4, 2)), RuntimeError)
refuse("dot", lambda m: m.dot(m.ones(2, 2), m.ones(2)), RuntimeError)
refuse("outer", lambda m: m.outer(m.ones(2, 2), m.ones(2)), RuntimeError)
refuse("addmm", lambda m: m.addmm(m.ones(3), m.ones(2, 2), m.ones(2, 2)), RuntimeError)
refuse("einsum", lambda m: m.einsum("ij,jk", m.ones(2, 2)), RuntimeError)
refuse("einsum", lambda m: m.einsum("ij->k", m.ones(2, 2)), RuntimeError)
refuse("einsum", lambda m: m.einsum("i,i->", m.ones(2), m.ones(3)), RuntimeError)
refuse("inv", lambda m: m.linalg.inv(m.zeros(2, 2)), RuntimeError, "singular")
refuse("inv", lambda m: m.linalg.inv(m.ones(2, 3)), RuntimeError, "2 by 3 matrices")
refuse("inv", lambda m: m.linalg.inv(m.ones(2)), RuntimeError)
refuse("solve", lambda m: m.linalg.solve(m.eye(2), m.ones(3, 1)), RuntimeError)
refuse("cholesky", lambda m: m.linalg.cholesky(-m.eye(2)), RuntimeError)
refuse("tensordot", lambda m: m.tensordot(m.ones(2, 3), m.ones(2, 3), 1), RuntimeError, "size 3 in dim 1")
refuse("cross", lambda m: m.cross(m.ones(2, 2), m.ones(2, 2)), RuntimeError)
refuse("trace", lambda m: m.trace(m.ones(2)), RuntimeError)
refuse("cdist", lambda m: m.cdist(m.ones(2, 3), m.ones(2, 4)), RuntimeError, "X1: 3 X2: 4")
refuse("matrix_norm", lambda m: m.linalg.matrix_norm(m.ones(2, 2), 5), RuntimeError, "Order 5 not supported")
refuse("matrix_power", lambda m: m.matrix_power(m.ones(2, 3), 2), RuntimeError)
