"""Rows of functional/index.py, gathering.py and sorting.py."""

from __future__ import annotations

from typing import Any

from operation_rows import Table, booleans, distinct, integers, normal, tied, values

table = Table()
add, refuse = table.add, table.refuse
NONE = {"differentiable": False}


def assigned(a: Any, key: Any, value: Any) -> Any:
    """A copy of `a` after a[key] = value."""
    copy = a * 1
    copy[key] = value
    return copy


add("getitem", lambda m, a: a[1], normal(3, 4))
add("getitem", lambda m, a: a[-1, 2], normal(3, 4))
add("getitem", lambda m, a: a[1:, ::2], normal(3, 4))
add("getitem", lambda m, a: a[..., 0], normal(2, 3, 4), grad_fn=False)
add("getitem", lambda m, a: a[:, None, 1:], normal(3, 4))
add("getitem", lambda m, a: a[...] * 2, normal(3, 4))
add("getitem", lambda m, a: a[5:], normal(3, 4))
add("getitem", lambda m, a: a[[2, 0, 2]], normal(3, 4))
add("getitem", lambda m, a, i: a[i], normal(3, 4), integers(2, 2))
add("getitem", lambda m, a, i: a[:, i], normal(3, 4), integers(5))
add("getitem", lambda m, a, i, j: a[i, j], normal(3, 4), integers(5), integers(5))
add("getitem", lambda m, a, i: a[0, :, i], normal(3, 4, 5), integers(2))
add("getitem", lambda m, a, i: a[i, :, 1], normal(3, 4, 5), integers(2))
add("getitem", lambda m, a, i, j: a[i, :, j], normal(3, 4, 5), integers(2), integers(2))
add("getitem", lambda m, a, i: a[i[0]], normal(3, 4), integers(2))
add("getitem", lambda m, a, c: a[c], normal(3, 4), booleans(3, 4))
add("getitem", lambda m, a, c: a[c], normal(3, 4), booleans(3))
add("getitem", lambda m, a, c: a[:, c, None], normal(3, 4), booleans(4))
add("getitem", lambda m, a: a[m.arange(3), [0, 1, 2]], normal(3, 4))
add("getitem", lambda m, a: a[[]], normal(3, 4))
add("setitem", lambda m, a: assigned(a, 0, 5.0), normal(3, 4), second=False)
add("setitem", lambda m, a, b: assigned(a, (slice(None), slice(1, 3)), b), normal(3, 4), normal(2))
add("setitem", lambda m, a, b: assigned(a, 1, b), normal(3, 4), normal(1, 4))
add("setitem", lambda m, a, b, i: assigned(a, i, b), normal(3, 4), normal(2, 4), values(2, 0), grad_fn=False)
add("setitem", lambda m, a, c: assigned(a, c, 0), normal(3, 4), booleans(3, 4), second=False, grad_fn=False)
add("setitem", lambda m, a, b: assigned(a, ..., b), integers(3, 4), integers(4), **NONE)
add("masked_fill", lambda m, a, c: a.masked_fill(c, -1.5), normal(3, 4), booleans(4))
add("masked_fill", lambda m, a, c, b: a.masked_fill(c, b), normal(3, 4), booleans(3, 1), normal())
add("masked_fill", lambda m, a, c: (a * 1).masked_fill_(c, 2), normal(3, 4), booleans(3, 4))
add("masked_select", lambda m, a, c: m.masked_select(a, c), normal(3, 4), booleans(4), grad_fn=False)
add("nonzero", lambda m, a: m.nonzero(a), tied(3, 4), **NONE)
add("nonzero", lambda m, a: a.nonzero(as_tuple=True), tied(3, 4), **NONE)

add("gather", lambda m, a, i: m.gather(a, 1, i), normal(3, 4), integers(3, 5))
add("gather", lambda m, a, i: a.gather(0, i), normal(3, 4), integers(2, 3))
add("scatter", lambda m, a, i, b: m.scatter(a, 1, i, b), normal(2, 4), values([0, 2], [3, 1]), normal(2, 2))
add("scatter", lambda m, a, i: a.scatter(1, i, 1.5), normal(2, 4), integers(2, 1))
# an index or an input without axes counts as one with one
add("gather", lambda m, a, i: a.gather(0, i[0]), normal(4), values(2), grad_fn=False)
add("gather", lambda m, a, i: a.gather(0, i), normal(), values(0))
add("scatter", lambda m, a, i: (a * 1).scatter_(0, i[0], value=1), normal(4), values(2))
add("scatter", lambda m, a, i, b: a.scatter(0, i[0], b), normal(4), values(1), normal())
add("scatter", lambda m, a, i, b: a.scatter(0, i, b), normal(), values(0), normal(1), grad_fn=False)
add("scatter_add", lambda m, a, i, b: a.scatter_add(0, i[0], b), normal(4), values(3), normal())
add("scatter", lambda m, a, i: (a * 1).scatter_(0, i, value=1), normal(3, 4), integers(1, 4))
add("scatter", lambda m, a, i: (a * 1).scatter_(0, i, 1), normal(3, 4), integers(1, 4))
add("scatter_add", lambda m, a, i, b: m.scatter_add(a, 1, i, b), normal(2, 4), integers(2, 3), normal(2, 3))
add("take_along_dim", lambda m, a, i: m.take_along_dim(a, i, 1), normal(3, 4), integers(1, 2))
add("take_along_dim", lambda m, a, i: m.take_along_dim(a, i), normal(3, 4), integers(5, high=12))
add("index_select", lambda m, a, i: m.index_select(a, 1, i), normal(2, 4), integers(5))
add("index_add", lambda m, a, i, b: m.index_add(a, 0, i, b, alpha=2), normal(3, 4), integers(5), normal(5, 4))
add("sort", lambda m, a: m.sort(a), distinct(3, 4))
add("sort", lambda m, a: a.sort(0, descending=True), distinct(3, 4))
add("sort", lambda m, a: m.sort(a, stable=True, descending=True)[0], tied(3, 7), smooth=False, grad_fn=False)
add("argsort", lambda m, a: m.argsort(a, descending=True), distinct(3, 4), **NONE)
add("topk", lambda m, a: m.topk(a, 2), distinct(3, 4))
add("topk", lambda m, a: a.topk(2, 0, largest=False), distinct(3, 4))
add("unique", lambda m, a: m.unique(a), tied(3, 4), **NONE)
add("unique", lambda m, a: m.unique(a, return_inverse=True, return_counts=True), tied(3, 4), **NONE)
add("bincount", lambda m, a: m.bincount(a, minlength=5), integers(7), **NONE)
add("one_hot", lambda m, a: one_hot(m)(a, 4), integers(3, 2), **NONE)
add("one_hot", lambda m, a: one_hot(m)(a), integers(9), **NONE)


def one_hot(m: Any) -> Any:
    """F.one_hot in either library."""
    return m.nn.functional.one_hot if hasattr(m, "nn") and not hasattr(m, "one_hot") else m.one_hot


def ints(m: Any, *numbers: Any) -> Any:
    return m.tensor(numbers)


add("index_fill", lambda m, a, i: m.index_fill(a, 1, i, 2.5), normal(3, 4), values(0, 2), grad_fn=False)
add("index_fill", lambda m, a, v: (a * 1).index_fill_(0, m.tensor([1]), v), normal(3, 4), normal(), grad_fn=False)
add("index_copy", lambda m, a, b: m.index_copy(a, 1, m.tensor([3, 0]), b), normal(3, 4), normal(3, 2), grad_fn=False)
add(
    "index_put",
    lambda m, a, v: m.index_put(a, (m.tensor([0, 2]), m.tensor([1, 1])), v),
    normal(3, 4),
    normal(2),
    grad_fn=False,
)
add(
    "index_put",
    lambda m, a, v: (a * 1).index_put_((m.tensor([0, 0, 2]),), v, accumulate=True),
    normal(3, 4),
    normal(4),
    grad_fn=False,
)
add(
    "masked_scatter",
    lambda m, a, k, v: m.masked_scatter(a, k, v),
    normal(3, 4),
    booleans(3, 4),
    normal(20),
    grad_fn=False,
)
add(
    "masked_scatter",
    lambda m, a, k, v: (a * 1).masked_scatter_(k, v),
    normal(3, 4),
    booleans(4),
    normal(20),
    grad_fn=False,
)
add("take", lambda m, a, i: m.take(a, i), normal(3, 4), integers(2, 3, high=12), grad_fn=False)
add("put_", lambda m, a, v: (a * 1).put_(m.tensor([[0, 5]]), v), normal(3, 4), normal(1, 2), grad_fn=False)
add("put_", lambda m, a, v: (a * 1).put_(m.tensor([5, 5]), v, accumulate=True), normal(3, 4), normal(2), grad_fn=False)
add("select_scatter", lambda m, a, b: m.select_scatter(a, b, 1, -2), normal(3, 4), normal(3), grad_fn=False)
add("slice_scatter", lambda m, a, b: m.slice_scatter(a, b, 1, 1, 4, 2), normal(3, 5), normal(3, 2), grad_fn=False)
add("diagonal_scatter", lambda m, a, b: m.diagonal_scatter(a, b, 1), normal(3, 4), normal(3), grad_fn=False)
add("diagonal_scatter", lambda m, a, b: a.diagonal_scatter(b, -1, 2, 0), normal(3, 2, 4), normal(2, 3), grad_fn=False)
add("fill_diagonal_", lambda m, a: (a * 1).fill_diagonal_(7.0), normal(3, 4), grad_fn=False)
add("fill_diagonal_", lambda m, a: a.clone().fill_diagonal_(7, wrap=True), integers(7, 3), **NONE)
for way in ("sum", "mean", "amax", "amin"):
    for own in (True, False):
        add(
            "scatter_reduce",
            lambda m, a, i, b, way=way, own=own: m.scatter_reduce(a, 1, i, b, way, include_self=own),
            *(distinct(3, 4), integers(3, 5, high=3), normal(3, 5)),
            grad_fn=False,
        )
add(
    "scatter_reduce",
    lambda m, a, b: a.scatter_reduce(0, m.tensor([0, 0, 1]), b, "amax"),
    values(2.0, 1.0),
    values(2.0, 2.0, 0.0),
    grad_fn=False,
    smooth=False,
    second=False,
)
add("scatter_reduce", lambda m, a, b: a.scatter_reduce(0, m.tensor([0, 0, 1]), b, "prod"), normal(2), normal(3), **NONE)
for kind, least in (("uint8", 0), ("int8", -128), ("int64", -(2**63))):  # the smallest number that there is
    add(
        "scatter_reduce",
        lambda m, a, kind=kind, least=least: a.to(getattr(m, kind)).scatter_reduce(
            0, m.tensor([0, 2]), m.tensor([least, 3], dtype=getattr(m, kind)), "amax", include_self=False
        ),
        integers(4, high=9),
        **NONE,
    )
add(
    "scatter_reduce",
    lambda m, a, b: a.scatter_reduce(0, m.tensor([0, 0, 1]), b, "amin", include_self=False),
    integers(2),
    integers(3),
    **NONE,
)

refuse("getitem", lambda m: m.ones(3)[3], IndexError)
refuse("getitem", lambda m: m.ones(3)[0, 0], IndexError)
refuse("getitem", lambda m: m.ones(3)[1.0], IndexError)
refuse("getitem", lambda m: m.ones(3)[::-1], ValueError)
refuse("getitem", lambda m: m.ones(3)[ints(m, 3)], IndexError)
refuse("getitem", lambda m: m.ones(3)[m.ones(2) > 0], IndexError)
refuse("getitem", lambda m: m.ones(3, 3)[ints(m, 0, 1), ints(m, 0, 1, 2)], IndexError)
refuse("getitem", lambda m: m.ones(())[0], IndexError)
refuse("getitem", lambda m: m.ones(3, 3)[m.ones(3) > 0, ints(m, 0, 1)], IndexError, "shape mismatch: indexing tensors")
refuse("setitem", lambda m: assigned(m.ones(3), 3, 0), IndexError)
refuse("setitem", lambda m: assigned(m.ones(3, 3), (ints(m, 0, 1), ints(m, 0, 1, 2)), 0), IndexError, "shape mismatch")
refuse("setitem", lambda m: assigned(m.ones(3, 3), (ints(m, 0, 1), ints(m, 0, 1, 2)), m.ones(2)), IndexError)
refuse("setitem", lambda m: assigned(m.ones(3), slice(2), m.ones(3)), RuntimeError)
refuse("masked_fill", lambda m: m.ones(3).masked_fill(m.ones(3), 0), RuntimeError)
refuse("masked_fill", lambda m: m.ones(3).masked_fill(m.ones(3) > 0, m.ones(2)), RuntimeError)
refuse("masked_select", lambda m: m.masked_select(m.ones(3), m.ones(3)), RuntimeError)
refuse("gather", lambda m: m.ones(2, 3).gather(1, ints(m, [3])), RuntimeError)
refuse("gather", lambda m: m.ones(2, 3).gather(1, ints(m, 0)), RuntimeError)
refuse("gather", lambda m: m.ones(2, 3).gather(1, m.ones(2, 1)), RuntimeError)
refuse("scatter", lambda m: m.ones(2, 3).scatter(1, ints(m, [0, 1]), m.ones(1, 1)), RuntimeError)
refuse("index_select", lambda m: m.ones(2, 3).index_select(0, ints(m, 3)), IndexError)
refuse("topk", lambda m: m.ones(3).topk(4), RuntimeError)
refuse("one_hot", lambda m: one_hot(m)(ints(m, 0, 4), 3), RuntimeError)
refuse("one_hot", lambda m: one_hot(m)(ints(m, -1)), RuntimeError)
refuse("index_fill", lambda m: m.ones(3).index_fill(0, m.tensor([0]), m.ones(2)), RuntimeError)
refuse("index_copy", lambda m: m.ones(3).index_copy(0, m.tensor([0]), m.ones(2)), IndexError)
refuse("masked_scatter", lambda m: m.ones(3).masked_scatter(m.ones(3), m.ones(3)), RuntimeError, "boolean masks")
refuse("masked_scatter", lambda m: m.ones(3).masked_scatter(m.ones(3) > 0, m.ones(2)), RuntimeError, "`mask` 3")
refuse("take", lambda m: m.take(m.ones(3), m.ones(1)), RuntimeError, "long tensor")
refuse("put_", lambda m: m.ones(3).put_(m.tensor([0]), m.ones(2)), IndexError)
refuse("fill_diagonal_", lambda m: m.ones(3).fill_diagonal_(1), RuntimeError)
refuse(
    "scatter_reduce", lambda m: m.ones(3).scatter_reduce(0, m.tensor([0]), m.ones(1), "best"), RuntimeError, "got best"
)
