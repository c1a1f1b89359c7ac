"""Rows of functional/activation.py and softmax.py; ReLU, tanh, sigmoid and softmax are in layers.py."""

from __future__ import annotations

from operation_rows import Table, distinct, integers, normal, values

table = Table()
add, refuse = table.add, table.refuse


def F(m):
    """nn.functional of minicnn or torch."""
    return m.nn.functional


def call(name, *args, **options):
    """The function of this name in nn.functional, with these further arguments."""
    return lambda m, a: getattr(F(m), name)(a, *args, **options)


def within(name, *args, **options):
    """As `call`, on an intermediate result, which the function may write over."""
    return lambda m, a: getattr(F(m), name)(a * 1, *args, **options) * 2


def on_leaf(name, *args, **options):
    """As `call`, of a leaf that requires grad."""
    return lambda m: getattr(F(m), name)(m.ones(3, requires_grad=True), *args, **options)


def on(value, name, *args):
    """A call of the function with the argument that `value(m)` makes."""
    return lambda m: getattr(F(m), name)(value(m), *args)


CORNERS = values(-3.0, 3.0, 0.0, 6.0, -1.0, 1.0, 0.5, -0.5, 0.25, 7.0, -3.5)
ENDS = values(float("inf"), -float("inf"), 800.0, -800.0, 100.0, -100.0, 0.0)
NAN = values(float("nan"))  # of its gradient torch has two opinions, with and without vectors
WITH = {  # name -> further arguments, each in a row of its own
    "relu6": [()], "hardtanh": [(), (-0.3, 1.7)], "leaky_relu": [(), (-0.2,), (0.3,)], "elu": [(), (-0.5,), (1.7,)],
    "selu": [()], "celu": [(), (0.5,), (2.0,)], "gelu": [()], "silu": [()], "mish": [()], "hardsigmoid": [()],
    "hardswish": [()], "hardshrink": [(), (1.3,)], "softshrink": [(), (1.3,), (0,)], "tanhshrink": [()],
    "softplus": [(), (2.0,), (1.5, 0.8), (0.7, 3)], "softsign": [()], "logsigmoid": [()], "threshold": [(0.3, 7.5)],
}  # fmt: skip
INPLACE = ("relu6", "hardtanh", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardsigmoid", "hardswish",
           "threshold")  # fmt: skip
SINGLE = ("relu", "leaky_relu", "elu", "selu", "celu", "hardtanh", "threshold")  # with a form that ends in _

for name, ways in WITH.items():
    twice = name != "hardsigmoid"  # of which torch has no second derivative
    for arguments in ways:
        for shape in ((3, 4), (17, 2, 3, 2)):
            add(name, call(name, *arguments), distinct(*shape), second=twice)
        add(name, call(name, *arguments), CORNERS, smooth=False, second=twice)
        add(name, call(name, *arguments), ENDS, smooth=False, second=False)
        add(name, call(name, *arguments), NAN, smooth=False, second=False, differentiable=False)
    for shape in ((), (0, 3)):
        add(name, call(name, *ways[-1]), distinct(*shape), second=twice)
    if name in INPLACE:
        add(name, within(name, *ways[-1], inplace=True), distinct(2, 3), second=twice)
        refuse(name, on_leaf(name, *ways[-1], inplace=True), RuntimeError, "leaf")
    if name in ("tanhshrink", "softsign"):  # torch asks the list for its method
        continue
    refuse(name, on(lambda m: [1.0], name, *ways[-1]), TypeError, "list")
    if name not in ("relu6", "hardtanh", "threshold"):
        refuse(name, on(lambda m: m.ones(3).long(), name, *ways[-1]), NotImplementedError, "int64")
for name in SINGLE:
    arguments = WITH.get(name, [()])[-1]
    add(name, within(f"{name}_", *arguments), distinct(2, 3))
add("gelu", call("gelu", approximate="tanh"), normal(17, 2, 3, 2))
add("gelu", call("gelu", approximate="tanh"), ENDS, smooth=False, second=False)
for name in ("relu6", "hardtanh", "tanhshrink", "softsign"):
    add(name, call(name), integers(3, 4, low=-9, high=9))
add("hardtanh", call("hardtanh", -1.5, 2.7), integers(3, 4, low=-9, high=9))
add("threshold", call("threshold", -1.5, 2.7), integers(3, 4, low=-9, high=9))
add("celu", lambda m, a: m.celu(a, 0.5), normal(2, 3))
add("selu", lambda m, a: m.selu_(a * 1), normal(2, 3), grad_fn=False)
add("threshold", lambda m, a: m.threshold(a, 0.1, 20), distinct(2, 3))
add("hardshrink", lambda m, a: a.hardshrink(0.7), distinct(2, 3))
for name in ("erf", "erfc"):
    add(name, lambda m, a, f=name: getattr(m, f)(a), normal(9, 4))
    add(name, lambda m, a, f=name: getattr(m, f)(a), ENDS, smooth=False, second=False)
    add(name, lambda m, a, f=name: getattr(m, f)(a), integers(3))
    add(f"{name}_", lambda m, a, f=name: getattr(a * 1, f"{f}_")() * 2, normal(2, 3))
    refuse(f"{name}_", lambda m, f=name: getattr(m.tensor([1, 2]), f"{f}_")(), RuntimeError, "int64")
    refuse(name, lambda m, f=name: getattr(m, f)(1.0), TypeError, "float")

for shape, weights in (((9, 3, 2, 2), 3), ((2, 3), 1), ((4,), 1), ((), 1), ((2, 5), 5)):
    add("prelu", lambda m, a, w: F(m).prelu(a, w), distinct(*shape), normal(weights))
add("prelu", lambda m, a, w: a.prelu(w), distinct(2, 3), normal())
add("prelu", lambda m, a, w: m.prelu(a, w), CORNERS, normal(1), smooth=False, second=False)
for dim in (0, 1, -1):
    add("glu", lambda m, a, d=dim: F(m).glu(a, d), normal(4, 6, 2))
add("glu", lambda m, a: F(m).glu(a), normal(4))
for dim in (0, 1, -1):
    add("softmin", lambda m, a, d=dim: F(m).softmin(a, d), normal(9, 4))
add("softmin", lambda m, a: F(m).softmin(a), normal(9, 4))
add("softmin", lambda m, a: F(m).softmin(a), normal(9, 4, 2))
add("softmin", lambda m, a: F(m).softmin(a, 1, dtype=m.float64), integers(2, 3))

refuse("hardtanh", lambda m: F(m).hardtanh(m.ones(3), 2.0, 1.0), ValueError, "min_val.*2.0")
refuse("hardtanh", lambda m: F(m).hardtanh(m.ones(3).byte()), RuntimeError, "unsigned")
refuse("hardtanh", lambda m: F(m).hardtanh(m.ones(3).bool()), RuntimeError, "Bool")
refuse("relu6", lambda m: F(m).relu6(m.ones(3).bool()), RuntimeError, "Bool")
refuse("celu", lambda m: F(m).celu(m.ones(3), 0.0), RuntimeError, "alpha cannot be 0")
refuse("softshrink", lambda m: F(m).softshrink(m.ones(3), -1.0), RuntimeError, "lambd.*-1")
refuse("gelu", lambda m: F(m).gelu(m.ones(3), approximate="x"), RuntimeError, "none or tanh.*'x'")
refuse("leaky_relu", lambda m: F(m).leaky_relu(m.ones(3), "a"), TypeError, "negative_slope.*str")
refuse("threshold", lambda m: F(m).threshold(m.ones(3).bool(), 0.1, 1), NotImplementedError, "bool")
refuse("tanhshrink", lambda m: F(m).tanhshrink(m.ones(3).bool()), RuntimeError, "bool")
refuse("softsign", lambda m: F(m).softsign(m.ones(3).bool()), NotImplementedError, "bool")
refuse("softmin", lambda m: F(m).softmin(m.ones(3).bool(), 0), RuntimeError, "bool")
refuse("softmin", lambda m: F(m).softmin(m.ones(3), 1), IndexError, "got 1")
refuse("glu", lambda m: F(m).glu(m.ones(3)), RuntimeError, "must be even.*size 3")
refuse("glu", lambda m: F(m).glu(m.ones(())), RuntimeError, "scalars")
refuse("glu", lambda m: F(m).glu(m.ones(2, 4), 2), IndexError, "got 2")
refuse("glu", lambda m: F(m).glu(m.ones(4).long()), NotImplementedError, "int64")
refuse("prelu", lambda m: F(m).prelu(m.ones(2, 3), m.ones(2)), RuntimeError, "= 2 and channel size = 3")
refuse("prelu", lambda m: F(m).prelu(m.ones(3), m.ones(3)), RuntimeError, "channel size = 1")
refuse("prelu", lambda m: F(m).prelu(m.ones(()), m.ones(2)), RuntimeError, "zero-dim")
refuse("prelu", lambda m: F(m).prelu(m.ones(2, 3), m.ones(1, 3)), RuntimeError, "ndim = 2")
refuse("prelu", lambda m: F(m).prelu(m.ones(2, 3), 0.5), TypeError, "weight.*float")
refuse("prelu", lambda m: F(m).prelu(m.ones(2, 3).double(), m.ones(1)), RuntimeError, "float64.*float32")
