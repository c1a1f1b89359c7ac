"""Rows of the one-dimensional forms: functional/conv.py, pool.py and adaptive_pool.py on lines (N, C, L)."""

from __future__ import annotations

from operation_rows import Table, integers, normal
from operation_rows.layers import F

table = Table()
add, refuse = table.add, table.refuse


# --- convolution ------------------------------------------------------------------------------------


def convolve(x, w, *bias, name="conv1d", grad_fn=True, **options):
    """A row of conv1d or conv_transpose1d with these shapes and options."""
    makers = [normal(*x), normal(*w), *(normal(n) for n in bias)]
    add(name, lambda m, *arrays: getattr(F(m), name)(*arrays, **options), *makers, grad_fn=grad_fn)


for batch in (2, 9):
    convolve((batch, 2, 6), (3, 2, 3), 3)
    convolve((batch, 4, 7), (4, 2, 2), 4, groups=2, stride=2, padding=1, dilation=3)
    convolve((batch, 2, 4), (2, 2, 4), 2, padding="same", dilation=2)
convolve((8, 2, 3), (2, 2, 3), padding="valid")
convolve((8, 3, 5), (3, 1, 2), groups=3, stride=[2], padding=(1,))
convolve((2, 5), (3, 2, 2), 3, padding=1, grad_fn=False)
convolve((0, 2, 4), (3, 2, 2), 3, grad_fn=False)
add("conv1d", lambda m, a, b: F(m).conv1d(a, b, padding=1), integers(2, 2, 3), integers(2, 2, 2))
add("conv1d", lambda m, a, b: F(m).conv1d(a.permute(0, 2, 1), b), normal(8, 5, 2), normal(3, 2, 2))
add("conv1d", lambda m, a, b: F(m).relu(F(m).conv1d(a, b), inplace=True), normal(9, 2, 5), normal(3, 2, 2),
    grad_fn=False)  # fmt: skip

for batch in (2, 9):
    convolve((batch, 3, 4), (3, 2, 3), 2, name="conv_transpose1d")
    convolve(
        (batch, 4, 3), (4, 1, 3), 2,
        name="conv_transpose1d", stride=3, padding=1, output_padding=2, groups=2, dilation=2,
    )  # fmt: skip
convolve((3, 4), (3, 2, 2), 2, name="conv_transpose1d", stride=(2,), output_padding=[1], grad_fn=False)
convolve((0, 3, 2), (3, 2, 2), 2, name="conv_transpose1d", grad_fn=False)

X, W, T = (1, 3, 4), (2, 3, 2), (3, 1, 2)


def wrong(says, error, call, name="conv1d"):
    """A bad call of conv1d, or of the function of this name; `call` gets the function, too."""
    refuse(name, lambda m: call(m, getattr(F(m), name)), error, says)


wrong(r"2D .*3D.*conv1d.*\[1, 1, 3, 4\]", RuntimeError, lambda m, f: f(m.ones(1, 1, 3, 4), m.ones(W)))
wrong(r"\[4\]", RuntimeError, lambda m, f: f(m.ones(4), m.ones(W)))
wrong("3 channels, but got 2", RuntimeError, lambda m, f: f(m.ones(1, 2, 4), m.ones(W)))
wrong(r"weight.*3 axes.*\[2, 3, 2, 2\]", RuntimeError, lambda m, f: f(m.ones(X), m.ones(2, 3, 2, 2)))
wrong(r"\(4\).*\(5\)", RuntimeError, lambda m, f: f(m.ones(X), m.ones(2, 3, 5)))
wrong(r"2 elements.*\[3\]", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W), m.ones(3)))
wrong(r"stride.*an int, got \(1, 1\)", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W), stride=(1, 1)))
wrong("stride.*1.*0", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W), stride=0))
wrong("padding.*1.5", TypeError, lambda m, f: f(m.ones(X), m.ones(W), padding=1.5))
wrong("conv1d.*padding.*'full'", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W), padding="full"))
wrong("same", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W), padding="same", stride=2))
wrong("float32.*float64", RuntimeError, lambda m, f: f(m.ones(X), m.ones(W).double()))
wrong("input.*list", TypeError, lambda m, f: f([1.0], m.ones(W)))
wrong(r"\(4\).*small", RuntimeError, lambda m, f: f(m.ones(X), m.ones(T), padding=3), "conv_transpose1d")
wrong("output", RuntimeError, lambda m, f: f(m.ones(X), m.ones(T), output_padding=1), "conv_transpose1d")
wrong("got 2", RuntimeError, lambda m, f: f(m.ones(1, 2, 4), m.ones(T)), "conv_transpose1d")
