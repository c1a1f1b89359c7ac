"""Rows of functional/activation.py, conv.py, pool.py, pad.py, dropout.py and linear.py.

The batches of 8 and 9 are those that float64 kernels take with the images in the lanes; 2 is one that they
take with the pixels there.
"""

from __future__ import annotations

from operation_rows import Table, distinct, integers, normal, tied, values

table = Table()
add, refuse = table.add, table.refuse


def F(m):
    """nn.functional of minicnn or torch."""
    return m.nn.functional


# --- activations ------------------------------------------------------------------------------------

for shape in ((3, 4), (17, 2, 3, 2), (), (0, 3)):
    add("relu", lambda m, a: F(m).relu(a), distinct(*shape))
    add("tanh", lambda m, a: m.tanh(a), normal(*shape))
    add("sigmoid", lambda m, a: m.sigmoid(a), normal(*shape))
add("relu", lambda m, a: a.relu() * 2, distinct(2, 3))
add("relu", lambda m, a: F(m).relu(a), tied(3, 4), smooth=False)
add("relu", lambda m, a: F(m).relu(a - 1), integers(3, 4))
add("relu", lambda m, a: F(m).relu(a * 1, inplace=True) * 2, distinct(8, 2, 2, 2))
add("relu", lambda m, a: (a * 1).relu_() * 2, distinct(2, 3))
add("tanh", lambda m, a: (a * 1).tanh_() * 2, normal(2, 3))
add("sigmoid", lambda m, a: (a * 1).sigmoid_() * 2, normal(2, 3))
for function in ("relu", "tanh", "sigmoid"):
    special = values(float("inf"), -float("inf"), 800.0, -800.0, 0.0, -0.0)
    add(function, lambda m, a, f=function: getattr(m, f)(a), special, smooth=False, second=False)
add("tanh", lambda m, a: m.tanh(a), integers(2, 3))
add("sigmoid", lambda m, a: F(m).sigmoid(a), integers(2, 3))
for dim in (0, 1, -1):
    add("softmax", lambda m, a, d=dim: F(m).softmax(a, d), normal(9, 4))
    add("log_softmax", lambda m, a, d=dim: F(m).log_softmax(a, dim=d), normal(9, 4))
add("softmax", lambda m, a: a.softmax(1), normal(8, 3, 2, 2))
add("log_softmax", lambda m, a: a.log_softmax(-2), normal(8, 3, 2, 2))
add("softmax", lambda m, a: m.softmax(a, 0), normal())
add("log_softmax", lambda m, a: m.log_softmax(a, -1), normal())
add("softmax", lambda m, a: m.softmax(a, 0), normal(3, 0))
add("softmax", lambda m, a: m.softmax(a, 1, dtype=m.float64), integers(2, 3))
add("log_softmax", lambda m, a: m.log_softmax(a, 1, dtype=m.float32), integers(2, 3))
add("softmax", lambda m, a: m.softmax(a * 300, 1), normal(2, 3), smooth=False, second=False)
add("log_softmax", lambda m, a: m.log_softmax(a * 300, 1), normal(2, 3), smooth=False, second=False)

refuse("relu", lambda m: F(m).relu(m.ones(3, dtype=m.bool)), RuntimeError, "[Bb]ool")
refuse("relu", lambda m: F(m).relu([1.0]), TypeError, "input.*list")
refuse("relu", lambda m: F(m).relu(m.ones(3, requires_grad=True), inplace=True), RuntimeError, "leaf")
refuse("tanh", lambda m: m.tanh(1.0), TypeError, "float")
refuse("tanh", lambda m: m.tensor([1, 2]).tanh_(), RuntimeError, "int64")
refuse("sigmoid", lambda m: m.sigmoid([1.0]), TypeError, "list")
refuse("softmax", lambda m: F(m).softmax(m.ones(3), 1), IndexError, r"\[-1, 0\].*got 1")
refuse("softmax", lambda m: F(m).softmax(m.ones(3), "a"), TypeError, "dim.*'a'")
refuse("softmax", lambda m: F(m).softmax(m.ones(3, dtype=m.int64), 0), NotImplementedError, "int64")
refuse("softmax", lambda m: F(m).softmax(m.ones(3), 0, dtype=m.int64), NotImplementedError, "int64")
refuse("log_softmax", lambda m: F(m).log_softmax(m.ones(3), -2), IndexError, "got -2")
refuse("log_softmax", lambda m: F(m).log_softmax(m.ones(3, dtype=m.bool), 0), NotImplementedError, "bool")

# --- convolution ------------------------------------------------------------------------------------


def convolve(x, w, *bias, name="conv2d", grad_fn=True, **options):
    """A row of conv2d or conv_transpose2d with these shapes and options."""
    makers = [normal(*x), normal(*w), *(normal(n) for n in bias)]
    add(name, lambda m, *arrays: getattr(F(m), name)(*arrays, **options), *makers, grad_fn=grad_fn)


for batch in (2, 9):
    convolve((batch, 2, 4, 5), (3, 2, 3, 2), 3)
    convolve((batch, 2, 5, 4), (2, 2, 2, 3), stride=(2, 1), padding=(1, 2))
    convolve((batch, 4, 5, 4), (4, 2, 2, 2), 4, groups=2, dilation=(2, 1), padding=1, stride=2)
    convolve((batch, 2, 3, 3), (2, 2, 4, 3), 2, padding="same", dilation=(1, 2))
convolve((8, 1, 4, 4), (2, 1, 1, 1), 2)
convolve((8, 3, 2, 2), (3, 1, 2, 2), groups=3)
convolve((8, 2, 3, 3), (2, 2, 3, 3), 2, padding="valid")
convolve((8, 1, 1, 1), (1, 1, 3, 3), padding=1)
convolve((2, 4, 3), (3, 2, 2, 2), 3, padding=1, grad_fn=False)
convolve((0, 2, 4, 4), (3, 2, 2, 2), 3, grad_fn=False)
convolve((2, 1, 6, 2), (1, 1, 2, 1), stride=[5], padding=[0, 0], dilation=(1,))
add("conv2d", lambda m, a, b: F(m).conv2d(a, b, padding=1), integers(2, 2, 3, 3), integers(2, 2, 2, 2))
add("conv2d", lambda m, a, b: F(m).conv2d(a.permute(0, 3, 1, 2), b), normal(8, 3, 3, 2), normal(2, 2, 2, 2))
add("conv2d", lambda m, a, b: F(m).conv2d(a.expand(9, -1, -1, -1), b), normal(1, 2, 3, 3), normal(2, 2, 2, 2))

for batch in (2, 9):
    convolve((batch, 3, 3, 2), (3, 2, 3, 2), 2, name="conv_transpose2d")
    convolve(
        (batch, 4, 2, 3), (4, 1, 2, 3), 2,
        name="conv_transpose2d", stride=(3, 2), padding=1, output_padding=(2, 1), groups=2, dilation=2,
    )  # fmt: skip
convolve((8, 2, 2, 2), (2, 2, 2, 2), name="conv_transpose2d", stride=2)
convolve((8, 2, 2, 2), (2, 2, 1, 1), name="conv_transpose2d", dilation=3, output_padding=2)
convolve((3, 2, 2), (3, 2, 2, 2), 2, name="conv_transpose2d", grad_fn=False)
convolve((0, 3, 2, 2), (3, 2, 2, 2), 2, name="conv_transpose2d", grad_fn=False)

add("unfold", lambda m, a: F(m).unfold(a, (2, 3), 2, (1, 2), (2, 1)), normal(2, 2, 4, 4))
add("unfold", lambda m, a: F(m).unfold(a, 2), normal(9, 2, 3, 3))
add("unfold", lambda m, a: F(m).unfold(a, 2), normal(2, 3, 3), grad_fn=False)
add("unfold", lambda m, a: F(m).unfold(a, 1), normal(0, 2, 3, 3))
add("fold", lambda m, a: F(m).fold(a, (4, 4), (2, 3), 2, (1, 2), (2, 1)), normal(2, 12, 8))
add("fold", lambda m, a: F(m).fold(a, 3, 2), normal(9, 8, 4))
add("fold", lambda m, a: F(m).fold(a, (3, 2), 2), normal(4, 2), grad_fn=False)

X, W = (1, 3, 4, 4), (2, 3, 2, 2)
refuse("conv2d", lambda m: F(m).conv2d(m.ones(2, 3), m.ones(1, 3, 2, 2)), RuntimeError, r"\[2, 3\]")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(1, 2, 4, 4), m.ones(W)), RuntimeError, "3 channels, but got 2")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(1, 3, 2)), RuntimeError, r"weight.*\[1, 3, 2\]")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(1, 3, 5, 2)), RuntimeError, r"\(4 x 4\).*\(5 x 2\)")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(1, 3, 3, 3), dilation=2), RuntimeError, r"\(5 x 5\)")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(1, 3, 0, 2)), RuntimeError, "greater than zero")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(0, 3, 2, 2)), RuntimeError, r"\[0, 3, 2, 2\]")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(1, 3, 0, 4), m.ones(W), padding=1), RuntimeError, "empty")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), m.ones(3)), RuntimeError, r"2 elements.*\[3\]")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), 1.0), TypeError, "bias.*float")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), stride=0), RuntimeError, "stride.*1.*0")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), stride=(1, 1, 1)), RuntimeError, "stride.*two")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), stride=1.5), TypeError, "stride.*1.5")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), padding=-1), RuntimeError, "padding.*-1")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), padding="full"), RuntimeError, "padding.*'full'")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), padding="same", stride=2), RuntimeError, "same")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), dilation=0), RuntimeError, "dilation.*0")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), groups=0), RuntimeError, "groups.*0")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W), groups=1.0), TypeError, "groups.*1.0")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(1, 4, 4, 4), m.ones(3, 2, 2, 2), groups=2), RuntimeError, "groups=2")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), m.ones(W).double()), RuntimeError, "float32.*float64")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X).long(), m.ones(W)), RuntimeError, "int64.*float32")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X).bool(), m.ones(W).bool()), NotImplementedError, "bool")
refuse("conv2d", lambda m: F(m).conv2d(m.ones(X), None), TypeError, "weight.*NoneType")
T = (3, 1, 2, 2)
refuse("conv_transpose2d", lambda m: F(m).conv_transpose2d(m.ones(2, 3), m.ones(T)), RuntimeError, r"\[2, 3\]")
refuse("conv_transpose2d", lambda m: F(m).conv_transpose2d(m.ones(1, 2, 4, 4), m.ones(T)), RuntimeError, "got 2")
refuse(
    "conv_transpose2d",
    lambda m: F(m).conv_transpose2d(m.ones(X), m.ones(T), output_padding=1),
    RuntimeError,
    "output_padding.*stride.*dilation",
)
refuse("conv_transpose2d", lambda m: F(m).conv_transpose2d(m.ones(X), m.ones(T), padding=3), RuntimeError, "small")
refuse("conv_transpose2d", lambda m: F(m).conv_transpose2d(m.ones(X), m.ones(T), m.ones(2)), RuntimeError, r"\[2\]")
refuse("conv_transpose2d", lambda m: F(m).conv_transpose2d(m.ones(X), m.ones(T), groups=2), RuntimeError, "groups=2")
refuse(
    "conv_transpose2d",
    lambda m: F(m).conv_transpose2d(m.ones(X), m.ones(T), padding="same"),
    TypeError,
    "padding.*'same'",
)
refuse("unfold", lambda m: F(m).unfold(m.ones(1, 1, 2, 2), 3), RuntimeError, r"2 x 2.*kernel_size.*\(3, 3\)")
refuse("unfold", lambda m: F(m).unfold(m.ones(X), 2, stride=0), RuntimeError, "stride.*0")
refuse("unfold", lambda m: F(m).unfold(m.ones(X), (2, 2, 2)), RuntimeError, "kernel_size.*two")
refuse("unfold", lambda m: F(m).unfold(m.ones(X).long(), 2), NotImplementedError, "int64")
refuse("fold", lambda m: F(m).fold(m.ones(1, 4, 8), (4, 4), 2), RuntimeError, "9 long, got 8")
refuse("fold", lambda m: F(m).fold(m.ones(1, 5, 9), (4, 4), 2), RuntimeError, r"\[1, 5, 9\]")
refuse("fold", lambda m: F(m).fold(m.ones(1, 4, 9), (4,), 2), RuntimeError, "output_size.*two")

# --- pooling ----------------------------------------------------------------------------------------

for batch in (2, 9):
    add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2), distinct(batch, 2, 4, 5))
    add("max_pool2d", lambda m, a: F(m).max_pool2d(a, (2, 3), (1, 2), (1, 1)), distinct(batch, 2, 3, 4))
    add(
        "max_pool2d",
        lambda m, a: F(m).max_pool2d(a, 3, 2, 1, ceil_mode=True, return_indices=True),
        distinct(batch, 2, 4, 3),
    )
    add("avg_pool2d", lambda m, a: F(m).avg_pool2d(a, 2), normal(batch, 2, 4, 5))
    for options in (
        {"padding": 1, "ceil_mode": True},
        {"padding": (1, 0), "count_include_pad": False, "ceil_mode": True},
        {"padding": 1, "divisor_override": -4},
    ):
        add(
            "avg_pool2d",
            lambda m, a, o=options: F(m).avg_pool2d(a, (3, 2), (2, 3), **o),
            normal(batch, 2, 4, 4),
        )
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2, 1, 1, 2, return_indices=True), distinct(8, 1, 4, 4))
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2, return_indices=True), tied(9, 2, 4, 4), smooth=False)
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2, 1), distinct(2, 3, 3), grad_fn=False)
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, [2], stride=[]), distinct(1, 1, 4, 4))
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2, return_indices=True), integers(2, 2, 4, 4))
add("max_pool2d", lambda m, a: F(m).max_pool2d(a, 2), normal(0, 2, 4, 4))
nan = values(1.0, float("nan"), -2.0, float("inf"), -float("inf"), -float("inf"), -float("inf"), -float("inf"))
add(
    "max_pool2d",
    lambda m, a: F(m).max_pool2d(a.reshape(1, 1, 2, 4), 2, return_indices=True),
    nan,
    smooth=False,
    second=False,
)
add("max_pool2d_with_indices", lambda m, a: F(m).max_pool2d_with_indices(a, 2, 1), distinct(8, 1, 3, 3))
add("avg_pool2d", lambda m, a: F(m).avg_pool2d(a, 2, 1), normal(2, 3, 3), grad_fn=False)
add("avg_pool2d", lambda m, a: F(m).avg_pool2d(a - 1, 2, ceil_mode=True), integers(2, 2, 3, 3))
add("avg_pool2d", lambda m, a: F(m).avg_pool2d(a, 2), normal(0, 2, 4, 4))
add("adaptive_avg_pool2d", lambda m, a: F(m).adaptive_avg_pool2d(a, 2), normal(2, 3, 3), grad_fn=False)
empty: dict[str, bool] = {"grad_fn": False, "differentiable": False}  # torch has no gradient of nothing
add("adaptive_avg_pool2d", lambda m, a: F(m).adaptive_avg_pool2d(a, (0, 2)), normal(2, 1, 3, 3), **empty)
add("adaptive_avg_pool2d", lambda m, a: F(m).adaptive_avg_pool2d(a, 2), normal(2, 0, 3, 3), **empty)

P = (1, 1, 4, 4)
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(3, 3), 2), RuntimeError, r"\[3, 3\]")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(1, 1, 1, 1), 2), RuntimeError, r"1x1x1.*1x0x0.*small")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), 0), RuntimeError, "kernel_size.*0")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), 2, 0), RuntimeError, "stride.*0")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), 2, padding=2), RuntimeError, "half.*padding.*2")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), 2, padding=-1), RuntimeError, "padding.*-1")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), (2, 2, 2)), RuntimeError, "kernel_size.*two")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P), 2.0), TypeError, "kernel_size.*2.0")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(P).bool(), 2), NotImplementedError, "bool")
refuse("max_pool2d", lambda m: F(m).max_pool2d(m.ones(1, 0, 4, 4), 2), RuntimeError, r"\[1, 0, 4, 4\]")
refuse("max_pool2d", lambda m: F(m).max_pool2d([[1.0]], 2), TypeError, "input.*list")
refuse("avg_pool2d", lambda m: F(m).avg_pool2d(m.ones(P), 2, padding=2), RuntimeError, "half")
refuse("avg_pool2d", lambda m: F(m).avg_pool2d(m.ones(P), 2, divisor_override=0), RuntimeError, "divisor")
refuse("avg_pool2d", lambda m: F(m).avg_pool2d(m.ones(P), 2, divisor_override=1.5), TypeError, "divisor.*1.5")
refuse("avg_pool2d", lambda m: F(m).avg_pool2d(m.ones(P), 2, ceil_mode=1), TypeError, "ceil_mode.*1")
refuse("avg_pool2d", lambda m: F(m).avg_pool2d(m.ones(P).int(), 2), NotImplementedError, "int32")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(3, 3), 2), RuntimeError, r"\[3, 3\]")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(P), -1), RuntimeError, "output_size.*-1")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(P), (2,)), RuntimeError, "output_size")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(P), None), TypeError, "output_size.*None")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(P).long(), 3), NotImplementedError, "int64")
refuse("adaptive_avg_pool2d", lambda m: F(m).adaptive_avg_pool2d(m.ones(1, 1, 0, 4), 2), RuntimeError, "non-zero")

# --- padding ----------------------------------------------------------------------------------------

for widths, mode, shape in (
    ((1, 2), "reflect", (2, 4)),
    ((2, 0, 1, 2), "reflect", (9, 2, 3, 4)),
    ((1, 1, 0, 1, 1, 0), "reflect", (2, 1, 2, 2, 2)),
    ((3, 2), "replicate", (2, 3, 1)),
    ((1, 2, 3, 0), "replicate", (8, 2, 2, 2)),
    ((-1, 3), "replicate", (2, 3)),
    ((2, -2, -1, 1), "replicate", (2, 3, 3)),
    ((-1, 1), "reflect", (2, 3)),
    ((-2, -1, 1, 0), "replicate", (2, 3, 3)),
    ((2, 2), "circular", (2, 3)),
    ((3, 1, 0, 2), "circular", (9, 1, 2, 3)),
    ((1, 1), "reflect", (9, 2, 3)),
    ((0, 3), "circular", (8, 2, 3)),
    ((1, 0, 0, 1, 2, 1), "replicate", (9, 2, 2, 3, 2)),
    ((1, 0, 1, 1, 2, 0), "circular", (2, 2, 3, 2)),
    ((0, 0, 0, 0), "reflect", (2, 2, 3, 2)),
    ((1, 1, 1, 1), "replicate", (0, 2, 3, 2)),
):
    add("pad", lambda m, a, w=widths, k=mode: F(m).pad(a, w, k), normal(*shape))
add("pad", lambda m, a: F(m).pad(a, (1, 2), value=3), normal(2, 3))
add("pad", lambda m, a: F(m).pad(a, (1, 0, 2, 1, 0, 1)), normal(9, 2, 2, 3))
add("pad", lambda m, a: F(m).pad(a, (-1, 2, 1, -1), "constant", -0.5), normal(8, 2, 3, 3))
add("pad", lambda m, a: F(m).pad(a, (-1, -2)), normal(2, 3, 4))
add("pad", lambda m, a: F(m).pad(a, (0, 0)) * 2, normal(2, 3), grad_fn=False)
add("pad", lambda m, a: F(m).pad(a, ()) * 2, normal(), grad_fn=False)
add("pad", lambda m, a: F(m).pad(a, (1, 1)), normal(2, 0))
add("pad", lambda m, a: F(m).pad(a, (1, 1), value=1.5), integers(2, 3))
add("pad", lambda m, a: F(m).pad(a, (1, 1), "reflect"), integers(2, 3))

refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1,)), RuntimeError, r"divisible by 2.*\(1,\)")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1,) * 6), RuntimeError, r"two times.*\[2, 3\]")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (-2, -2)), RuntimeError, "3.*-2.*negative")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1, 1), "mirror"), NotImplementedError, "mode.*'mirror'.*reflect")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1, 1), 3), TypeError, "mode.*3")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (3, 0), "reflect"), RuntimeError, r"\(3, 0\).*3")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (4, 0), "circular"), RuntimeError, r"\(4, 0\).*3")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1, 0), "reflect", 1), RuntimeError, "value.*1")
refuse("pad", lambda m: F(m).pad(m.ones(3), (1, 0), "reflect"), NotImplementedError, r"\[3\]")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (-3, 0), "replicate"), RuntimeError, r"\(-3, 0\).*\[2, 3\]")
refuse("pad", lambda m: F(m).pad(m.ones(2, 0), (1, 0), "replicate"), RuntimeError, r"\[2, 0\]")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1.5, 1)), TypeError, "pad.*1.5")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), "11"), TypeError, "pad.*'11'")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3), (1, 1), value="a"), TypeError, "value.*'a'")
refuse("pad", lambda m: F(m).pad(m.ones(2, 3).bool(), (1, 1), "reflect"), NotImplementedError, "bool")

# --- batch normalisation ----------------------------------------------------------------------------


def normalise(m, a, *affine, training=True, **options):
    """batch_norm with running statistics that are no parameters."""
    C = a.shape[1]
    running = [m.linspace(start, 2.0, C, dtype=a.dtype) for start in (-1.0, 0.5)]
    return F(m).batch_norm(a, *running, *affine, training=training, **options)


for shape in ((9, 3, 2, 2), (2, 2, 3, 1), (9, 4), (3, 2, 5)):
    C = shape[1]
    for training in (True, False):
        add("batch_norm", lambda m, a, w, b, t=training: normalise(m, a, w, b, training=t),
            normal(*shape), normal(C), normal(C))  # fmt: skip
    add("batch_norm", lambda m, a: F(m).batch_norm(a, None, None, training=True, eps=0.1), normal(*shape))
add("batch_norm", lambda m, a, w: normalise(m, a, w, momentum=1.0), normal(8, 2, 2, 2), normal(2))
add(
    "batch_norm", lambda m, a, b: normalise(m, a, None, b, training=False), normal(2, 2, 2, 2), normal(2), second=False
)  # fmt: skip  torch's second derivative fails without a weight
add("batch_norm", lambda m, a: normalise(m, a, training=False), normal(0, 2, 2, 2), grad_fn=False)

BN = (2, 3, 2, 2)


def wrong(says, error, call):
    """A bad call of batch_norm; `call` gets the function, too."""
    refuse("batch_norm", lambda m: call(m, F(m).batch_norm), error, says)


wrong("running_mean must be defined", RuntimeError, lambda m, f: f(m.ones(BN), None, None))
wrong("running_var must be defined", RuntimeError, lambda m, f: f(m.ones(BN), m.zeros(3), None))
wrong(r"more than 1 value.*\[1, 3\]", ValueError, lambda m, f: f(m.ones(1, 3), None, None, training=True))
wrong(r"running_mean.*3 elements", RuntimeError, lambda m, f: f(m.ones(BN), m.zeros(2), m.ones(2)))
wrong(r"weight.*3 elements", RuntimeError, lambda m, f: f(m.ones(BN), m.zeros(3), m.ones(3), m.ones(2)))
wrong("-1.0", ValueError, lambda m, f: f(m.ones(BN), m.zeros(3), m.ones(3), eps=-1.0))
wrong("out of range", IndexError, lambda m, f: f(m.ones(3), None, None, training=True))
wrong("not implemented", NotImplementedError, lambda m, f: f(m.ones(BN).long(), None, None, training=True))
wrong("mixed dtype", RuntimeError, lambda m, f: f(m.ones(BN).double(), m.zeros(3), m.ones(3)))

# --- dropout ----------------------------------------------------------------------------------------


def drop(m, a, *args, name="dropout", **options):
    """Dropout with a mask that is the same every time."""
    m.manual_seed(5)
    return getattr(F(m), name)(a, *args, **options)


add("dropout", lambda m, a: drop(m, a), normal(9, 2, 3, 3))
add("dropout", lambda m, a: drop(m, a, 0.2), normal(2, 3))
add("dropout", lambda m, a: drop(m, a * 2, p=0.7, inplace=True) * 1, normal(17, 3))
add("dropout", lambda m, a: drop(m, a, 1.0), normal(2, 3))
add("dropout", lambda m, a: drop(m, a * 1, 0.0), normal(2, 3))
add("dropout", lambda m, a: drop(m, a * 1, 0.5, training=False), normal(2, 3))
add("dropout", lambda m, a: drop(m, a, 0.5, False), integers(2, 3))
for shape in ((9, 3, 2, 2), (2, 5, 3, 1), (1, 4, 1, 2)):
    add("dropout2d", lambda m, a: drop(m, a, name="dropout2d"), normal(*shape))
    add("dropout1d", lambda m, a: drop(m, a[..., 0], 0.2, name="dropout1d"), normal(*shape))
add("dropout2d", lambda m, a: drop(m, a * 1, 0.7, name="dropout2d", inplace=True) * 1, normal(9, 3, 2, 2))
add("dropout2d", lambda m, a: drop(m, a, 1.0, name="dropout2d"), normal(2, 3, 2, 2))
add("dropout2d", lambda m, a: drop(m, a * 1, 0.5, False, name="dropout2d"), normal(2, 3, 2, 2))
add("dropout1d", lambda m, a: drop(m, a, name="dropout1d"), normal(5, 4), grad_fn=False)
add("dropout1d", lambda m, a: drop(m, a * 1, name="dropout1d", inplace=True) * 1, normal(5, 4))

refuse("dropout1d", lambda m: F(m).dropout1d(m.ones(3)), RuntimeError, "2D or 3D.*1D")
refuse("dropout1d", lambda m: F(m).dropout1d(m.ones(2, 3, 4, 4)), RuntimeError, "2D or 3D.*4D")
refuse("dropout2d", lambda m: F(m).dropout2d(m.ones(2, 3, 4, 4), 1.5), ValueError, "1.5")
refuse("dropout2d", lambda m: F(m).dropout2d(m.ones(2, 3, 4, 4).long(), 0.5), RuntimeError, "int64")
refuse("dropout", lambda m: F(m).dropout(m.ones(3), -0.1), ValueError, "-0.1")
refuse("dropout", lambda m: F(m).dropout(m.ones(3), 1.1), ValueError, "1.1")
refuse("dropout", lambda m: F(m).dropout([1.0], 0.5), TypeError, "input.*list")
refuse("dropout", lambda m: F(m).dropout(m.ones(3).long(), 0.5), RuntimeError, "int64")
refuse("dropout", lambda m: F(m).dropout(m.ones(3, requires_grad=True), inplace=True), RuntimeError, "leaf")

# --- the dense layer --------------------------------------------------------------------------------

add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(2, 3), normal(4, 3), normal(4))
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(17, 5), normal(3, 5), normal(3))
add("linear", lambda m, a, w: F(m).linear(a, w), normal(9, 3), normal(4, 3), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(3), normal(4, 3), normal(4), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(2, 2, 3), normal(4, 3), normal(4), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(2, 3), normal(4, 3), normal(1), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(2, 3), normal(4, 3), normal(2, 1), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(3), normal(4, 3), normal(1, 4), grad_fn=False)
add("linear", lambda m, a, w: F(m).linear(a, w), normal(2, 3), normal(3), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(0, 3), normal(4, 3), normal(4), grad_fn=False)
add("linear", lambda m, a, w, b: F(m).linear(a, w, b), normal(2, 0), normal(4, 0), normal(4), grad_fn=False)
add("linear", lambda m, a, w: F(m).linear(a.flatten(1), w), normal(9, 3, 2, 1), normal(4, 6), grad_fn=False)
add("linear", lambda m, a, w: F(m).linear(a, w), integers(2, 3), integers(4, 3))

refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 5)), RuntimeError, "expects 5 features.*got 3")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 3), m.ones(3)), RuntimeError, r"bias.*\[3\].*4")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 3), 1.0), TypeError, "bias.*float")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(3), m.ones(2)), RuntimeError, r"matrix.*\[3\]")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 3).double()), RuntimeError, "float32.*float64")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 3), m.ones(4).double()), RuntimeError, "float64")
refuse("linear", lambda m: F(m).linear(m.ones(()), m.ones(4, 1)), RuntimeError, "0-d")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3), m.ones(4, 3, 1)), RuntimeError, "mat1 and mat2|matrix|dim")
refuse("linear", lambda m: F(m).linear([1.0], m.ones(4, 3)), TypeError, "input.*list")
refuse("linear", lambda m: F(m).linear(m.ones(2, 3).bool(), m.ones(4, 3).bool()), NotImplementedError, "bool")
