"""Rows of functional/matmul.py."""

from __future__ import annotations

from operation_rows import Table, integers, normal

table = Table()
add, refuse = table.add, table.refuse

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
