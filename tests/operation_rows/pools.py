"""Rows of the pooling of lines (functional/pool.py), of functional/adaptive_pool.py and functional/unpool.py."""

from __future__ import annotations

from operation_rows import Table, distinct, integers, normal, positive, tied, values
from operation_rows.layers import F

table = Table()
add, refuse = table.add, table.refuse


def wrong(function, says, error, call):
    """A bad call of the function; `call` gets it, too."""
    refuse(function, lambda m: call(m, getattr(F(m), function)), error, says)


# --- lines ------------------------------------------------------------------------------------------

for batch in (2, 9):
    add("max_pool1d", lambda m, a: F(m).max_pool1d(a, 2), distinct(batch, 2, 5))
    add("max_pool1d", lambda m, a: F(m).max_pool1d(a, 3, 2, 1, 2, True, True), distinct(batch, 2, 8))
    add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a, 2), normal(batch, 2, 5))
    add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a, 3, 2, 1, True, False), normal(batch, 2, 6))
    for size in (1, 2, 3, 7):
        add("adaptive_avg_pool1d", lambda m, a, s=size: F(m).adaptive_avg_pool1d(a, s), normal(batch, 2, 6))
        add("adaptive_avg_pool1d", lambda m, a, s=size: F(m).adaptive_avg_pool1d(a, (s,)), normal(batch, 2, 5))
        add("adaptive_max_pool1d", lambda m, a, s=size: F(m).adaptive_max_pool1d(a, s), distinct(batch, 2, 5))
    add("adaptive_max_pool1d", lambda m, a: F(m).adaptive_max_pool1d(a, 3, True), distinct(batch, 2, 7))
add("max_pool1d", lambda m, a: F(m).max_pool1d(a, (2,), stride=[]), distinct(2, 4))
add("max_pool1d", lambda m, a: F(m).max_pool1d(a, 2, return_indices=True), tied(9, 2, 6), smooth=False)
add("max_pool1d", lambda m, a: F(m).max_pool1d(a, 2, return_indices=True), integers(2, 2, 4, high=9))
add("max_pool1d", lambda m, a: F(m).max_pool1d(a, 2), normal(0, 2, 4), grad_fn=False)
add("max_pool1d_with_indices", lambda m, a: F(m).max_pool1d_with_indices(a, 2, 1), distinct(8, 1, 4))
add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a, [2], padding=(1,)), normal(2, 5))
add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a, 2).tanh_(), normal(9, 2, 4), grad_fn=False)
add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a - 1, 2), integers(2, 2, 5))
add("avg_pool1d", lambda m, a: F(m).avg_pool1d(a, 2), normal(0, 2, 4))
add("adaptive_avg_pool1d", lambda m, a: F(m).adaptive_avg_pool1d(a, 2), normal(3, 5))
add("adaptive_max_pool1d_with_indices", lambda m, a: F(m).adaptive_max_pool1d_with_indices(a, 2), distinct(8, 2, 5))

LINE = (1, 2, 8)
wrong("max_pool1d", r"2D.*3D.*\[8\]", RuntimeError, lambda m, f: f(m.ones(8), 2))
wrong("max_pool1d", r"2D.*3D.*\[1, 2, 8, 1\]", RuntimeError, lambda m, f: f(m.ones(1, 2, 8, 1), 2))
wrong("max_pool1d", r"2x8.*2x0.*small", RuntimeError, lambda m, f: f(m.ones(LINE), 9))
wrong("max_pool1d", r"kernel_size.*an int, got \(2, 2\)", RuntimeError, lambda m, f: f(m.ones(LINE), (2, 2)))
wrong("max_pool1d", "stride.*0", RuntimeError, lambda m, f: f(m.ones(LINE), 2, 0))
wrong("max_pool1d", "half.*padding.*2", RuntimeError, lambda m, f: f(m.ones(LINE), 3, padding=2))
wrong("max_pool1d", "int64", NotImplementedError, lambda m, f: f(m.ones(LINE).long(), 2))
wrong("avg_pool1d", "half.*padding.*2", RuntimeError, lambda m, f: f(m.ones(LINE), 3, padding=2))
wrong("avg_pool1d", r"kernel_size.*an int, got \(2, 2\)", RuntimeError, lambda m, f: f(m.ones(LINE), (2, 2)))
wrong("avg_pool1d", "int32", NotImplementedError, lambda m, f: f(m.ones(LINE).int(), 2))
wrong("avg_pool1d", r"\[1, 2, 8, 1\]", RuntimeError, lambda m, f: f(m.ones(1, 2, 8, 1), 2))
wrong("adaptive_avg_pool1d", "output_size.*None", TypeError, lambda m, f: f(m.ones(LINE), None))
wrong("adaptive_avg_pool1d", r"output_size.*\(2, 2\)", RuntimeError, lambda m, f: f(m.ones(LINE), (2, 2)))
wrong("adaptive_avg_pool1d", "output_size.*-1", RuntimeError, lambda m, f: f(m.ones(LINE), -1))
wrong("adaptive_avg_pool1d", "int64", NotImplementedError, lambda m, f: f(m.ones(LINE).long(), 3))
wrong("adaptive_avg_pool1d", r"non-zero.*\[2, 3, 0\]", RuntimeError, lambda m, f: f(m.ones(2, 3, 0), 3))
wrong("adaptive_max_pool1d", "output_size.*None", TypeError, lambda m, f: f(m.ones(LINE), None))
wrong("adaptive_max_pool1d", r"non-zero.*\[2, 0, 4\]", RuntimeError, lambda m, f: f(m.ones(2, 0, 4), 3))

# --- adaptive pooling of images ---------------------------------------------------------------------

for batch in (2, 9):
    for size in (1, 2, (3, None), (None, 1), (5, 6), (2, 3)):
        add("adaptive_avg_pool2d", lambda m, a, s=size: F(m).adaptive_avg_pool2d(a, s), normal(batch, 2, 4, 5))
        add("adaptive_max_pool2d", lambda m, a, s=size: F(m).adaptive_max_pool2d(a, s), distinct(batch, 2, 4, 5))
    add("adaptive_max_pool2d", lambda m, a: F(m).adaptive_max_pool2d(a, 2, True), distinct(batch, 2, 4, 4))
    add("adaptive_max_pool2d", lambda m, a: F(m).adaptive_max_pool2d(a, 3, True), tied(batch, 2, 4, 5), smooth=False)
add("adaptive_max_pool2d", lambda m, a: F(m).adaptive_max_pool2d(a, 3), distinct(2, 4, 5), grad_fn=False)
add("adaptive_max_pool2d_with_indices", lambda m, a: F(m).adaptive_max_pool2d_with_indices(a, 2), distinct(1, 2, 3, 3))
add("adaptive_max_pool2d", lambda m, a: F(m).adaptive_max_pool2d(a, 3), normal(0, 2, 4, 4))
empty: dict[str, bool] = {"grad_fn": False, "differentiable": False}  # torch has no gradient of nothing
add("adaptive_max_pool2d", lambda m, a: F(m).adaptive_max_pool2d(a, (0, 2), True), normal(2, 1, 3, 3), **empty)
nan = values(1.0, float("nan"), -float("inf"), 2.0, 3.0, 4.0, 5.0, -float("inf"), 6.0)
add(
    "adaptive_max_pool2d",
    lambda m, a: F(m).adaptive_max_pool2d(a.reshape(1, 1, 3, 3), 2, return_indices=True),
    nan, smooth=False, second=False,
)  # fmt: skip

P = (1, 1, 4, 4)
wrong("adaptive_max_pool2d", r"\[3, 3\]", RuntimeError, lambda m, f: f(m.ones(3, 3), 2))
wrong("adaptive_max_pool2d", "output_size.*-1", RuntimeError, lambda m, f: f(m.ones(P), -1))
wrong("adaptive_max_pool2d", r"output_size.*\(2,\)", RuntimeError, lambda m, f: f(m.ones(P), (2,)))
wrong("adaptive_max_pool2d", "output_size.*None", TypeError, lambda m, f: f(m.ones(P), None))
wrong("adaptive_max_pool2d", "output_size.*2.5", TypeError, lambda m, f: f(m.ones(P), 2.5))
wrong("adaptive_max_pool2d", "int64", NotImplementedError, lambda m, f: f(m.ones(P).long(), 3))
wrong("adaptive_max_pool2d", "non-zero", RuntimeError, lambda m, f: f(m.ones(1, 1, 0, 4), 2))

# --- power-average pooling --------------------------------------------------------------------------

for batch in (2, 9):
    add("lp_pool1d", lambda m, a: F(m).lp_pool1d(a, 2.0, 2), positive(batch, 2, 5))
    add("lp_pool1d", lambda m, a: F(m).lp_pool1d(a, 1, 3, 2, True), normal(batch, 2, 6), smooth=False)
    add("lp_pool2d", lambda m, a: F(m).lp_pool2d(a, 2.0, 2), positive(batch, 2, 4, 4))
    add("lp_pool2d", lambda m, a: F(m).lp_pool2d(a, 3, (2, 3), (1, 2)), positive(batch, 2, 4, 5))
add("lp_pool2d", lambda m, a: F(m).lp_pool2d(a - 20, float("inf"), 2), distinct(2, 2, 4, 4))
add("lp_pool2d", lambda m, a: F(m).lp_pool2d(a + 20, -float("inf"), 2), distinct(2, 2, 4, 4))
wrong("lp_pool1d", r"\[8\]", RuntimeError, lambda m, f: f(m.ones(8), 2.0, 2))
wrong("lp_pool2d", "kernel_size.*0", RuntimeError, lambda m, f: f(m.ones(P), 2.0, 0, 1))

# --- unpooling --------------------------------------------------------------------------------------


def there_and_back(m, a, *window, axes=2, **options):
    """Max pooling, something else, and max unpooling."""
    functions = F(m)
    y, places = getattr(functions, f"max_pool{axes}d")(a, *window, return_indices=True)
    return getattr(functions, f"max_unpool{axes}d")(y * y, places, *window, **options)


for batch in (2, 9):
    add("max_unpool2d", lambda m, a: there_and_back(m, a, 2), distinct(batch, 2, 4, 4))
    add("max_unpool2d", lambda m, a: there_and_back(m, a, (2, 3), (2, 3), output_size=(5, 7)), distinct(batch, 2, 5, 7))
    add("max_unpool1d", lambda m, a: there_and_back(m, a, 2, axes=1, output_size=(1, 1, 5)), distinct(batch, 2, 5))
add(
    "max_unpool2d",
    lambda m, a: there_and_back(m, a, 3, 2, 1, output_size=[4, 4]),
    distinct(2, 4, 4),
    grad_fn=False,
    smooth=False,
)  # fmt: skip  numbers that two windows share
add("max_unpool1d", lambda m, a: there_and_back(m, a, 2, axes=1), distinct(2, 4))
add(
    "max_unpool2d",
    lambda m, a, i: F(m).max_unpool2d(a, i, 2),
    normal(2, 3, 2, 2),
    integers(2, 3, 2, 2, high=16),
    smooth=False,
    second=False,
)  # fmt: skip  several numbers for one place
add("max_unpool2d", lambda m, a, i: F(m).max_unpool2d(a, i, 2), normal(0, 3, 2, 2), integers(0, 3, 2, 2))


def unpool(says, error, *shape, places=None, **options):
    """A bad call of max_unpool2d."""

    def call(m, f):
        given = m.zeros(shape, dtype=m.int64) if places is None else places(m)
        return f(m.ones(shape), given, 2, **options)

    wrong("max_unpool2d", says, error, call)


unpool("index: 20 .*4x4", RuntimeError, 1, 1, 2, 2, places=lambda m: m.tensor([[[[0, 1], [2, 20]]]]))
unpool("index: -1 .*4x4", RuntimeError, 1, 1, 2, 2, places=lambda m: m.tensor([[[[0, 1], [2, -1]]]]))
unpool("int64.*int32", RuntimeError, 1, 1, 2, 2, places=lambda m: m.zeros(1, 1, 2, 2).int())
unpool(r"\[1, 1, 2, 2\].*\[1, 2, 2\]", RuntimeError, 1, 1, 2, 2, places=lambda m: m.zeros(1, 2, 2).long())
unpool(r"output_size \"\[7, 5\]\" \(dim 0 must be between 2 and 6\)", ValueError, 1, 1, 2, 2, output_size=[7, 5])
unpool("2 or 4 elements.*'3'", ValueError, 1, 1, 2, 2, output_size=(1, 5, 5))
unpool("only its batch", RuntimeError, 1, 0, 2, 2)
unpool(r"\[2, 2\]", RuntimeError, 2, 2)
wrong("max_unpool1d", "index: 9 ", RuntimeError, lambda m, f: f(m.ones(1, 1, 2), m.tensor([[[0, 9]]]), 2))
wrong("max_unpool2d", "int64", NotImplementedError, lambda m, f: f(m.ones(P).long(), m.zeros(P).long(), 2))
wrong("max_unpool2d", "indices.*list", TypeError, lambda m, f: f(m.ones(P), [1], 2))
