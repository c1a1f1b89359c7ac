"""Rows of functional/loss.py."""

from __future__ import annotations

from operation_rows import Table, integers, normal, positive, values

table = Table()
add, refuse = table.add, table.refuse


def F(m):
    """nn.functional of minicnn or torch."""
    return m.nn.functional


def weights(m, a, axis=1):
    """A weight for each class."""
    return m.tensor([0.5, 2.0, 1.0, 1.5, 0.7], dtype=a.dtype)[: a.shape[axis]]


REDUCTIONS = ("mean", "sum", "none")
scores, classes = normal(9, 4), integers(9, high=4)
images, map_ = normal(2, 3, 2, 2), integers(2, 2, 2)

for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    for options in ({}, {"ignore_index": 2}, {"label_smoothing": 0.1}, {"label_smoothing": 1.0, "ignore_index": 0}):
        o = r | options
        add("cross_entropy", lambda m, a, t, o=o: F(m).cross_entropy(a, t, **o), scores, classes, grad_fn=False)
        add(
            "cross_entropy",
            lambda m, a, t, o=o: F(m).cross_entropy(a, t, weights(m, a), **o),
            *(scores, classes),
            grad_fn=False,
        )
    add("cross_entropy", lambda m, a, t, o=r: F(m).cross_entropy(a, t, **o), images, map_, grad_fn=False)
    add(
        "cross_entropy",
        lambda m, a, t, o=r: F(m).cross_entropy(a, t, weights(m, a), label_smoothing=0.2, ignore_index=1, **o),
        *(images, map_),
        grad_fn=False,
    )
    add("cross_entropy", lambda m, a, t, o=r: F(m).cross_entropy(a, t[0], **o), normal(4), values(2), grad_fn=False)
    for shape in ((9, 4), (2, 3, 2), (5,)):
        add("cross_entropy", lambda m, a, p, o=r: F(m).cross_entropy(a, p, **o), normal(*shape), positive(*shape),
            grad_fn=False)  # fmt: skip
        add(
            "cross_entropy",
            lambda m, a, p, o=r: F(m).cross_entropy(a, p, weights(m, a, a.ndim > 1), label_smoothing=0.3, **o),
            *(normal(*shape), positive(*shape)),
            grad_fn=False,
        )
    add("nll_loss", lambda m, a, t, o=r: F(m).nll_loss(a, t, **o), scores, classes)
    add(
        "nll_loss",
        lambda m, a, t, o=r: F(m).nll_loss(a, t, weights(m, a), ignore_index=1, **o),
        *(scores, classes),
    )
    add("nll_loss", lambda m, a, t, o=r: F(m).nll_loss(a, t, **o), images, map_, grad_fn=False)
    add("nll_loss", lambda m, a, t, o=r: F(m).nll_loss(a, t, ignore_index=0, **o), normal(2, 3, 4), integers(2, 4),
        grad_fn=False)  # fmt: skip
    add("nll_loss", lambda m, a, t, o=r: F(m).nll_loss(a, t[0], **o), normal(4), values(2), grad_fn=False)
    add("nll_loss", lambda m, a, t, o=r: F(m).nll_loss(a, t, **o), normal(0, 3), integers(0), grad_fn=False,
        smooth=False, second=False)  # fmt: skip
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t), scores, classes)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t), normal(17, 3), integers(17))
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a * 300, t), scores, classes, smooth=False, second=False)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t.to(m.uint8)), scores, classes)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t - t - 100), scores, classes, smooth=False, second=False)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t - t - 100, reduction="none"), scores, classes)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a.t(), t), normal(4, 9), classes)
add("cross_entropy", lambda m, a, t: F(m).cross_entropy(a, t), normal(0, 3), integers(0), grad_fn=False,
    smooth=False, second=False)  # fmt: skip
add("nll_loss", lambda m, a, t: F(m).nll_loss(a.log_softmax(1), t), scores, classes)

for name in ("cross_entropy", "nll_loss"):

    def loss(m, *args, name=name, **options):
        """The loss of this name."""
        return getattr(F(m), name)(*args, **options)

    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 3])), IndexError, "3 is out of bounds.*3 classes")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, -1])), IndexError, "-1 is out of bounds")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0])), ValueError, r"\(2\).*\(1\)")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor(0)), ValueError, r"\(2\)")
    refuse(name, lambda m, f=loss: f(m, m.ones(3), m.tensor([0, 1])), ValueError, "size 1.*2")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.ones(2)), RuntimeError, "float32")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]).int()), RuntimeError, "int32.*long")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([[0], [1]])), RuntimeError, r"\[2\].*\[2, 1\]")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3, 2), m.zeros(2, 3).long()), RuntimeError, r"\[2, 2\]")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3).long(), m.tensor([0, 1])), NotImplementedError, "int64")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]), m.ones(2)), RuntimeError, r"3 classes.*\[2\]")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]), m.ones(3).double()), RuntimeError, "weight")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]), [1.0, 1, 1]), TypeError, "weight.*list")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]), reduction="avg"), ValueError, "'avg'")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), [0, 1]), TypeError, "target.*list")
    refuse(name, lambda m, f=loss: f(m, m.ones(2, 3), m.tensor([0, 1]), ignore_index=1.5), TypeError, "1.5")
refuse("nll_loss", lambda m: F(m).nll_loss(m.ones(()), m.tensor(0)), ValueError, "0-d")
LABELS = [0, 1]
refuse("cross_entropy", lambda m: F(m).cross_entropy(m.ones(2, 3), m.tensor(LABELS), label_smoothing=1.5),
       RuntimeError, "1.5")  # fmt: skip
refuse("cross_entropy", lambda m: F(m).cross_entropy(m.ones(2, 3), m.ones(2, 4)), RuntimeError, "float32|size")
refuse("cross_entropy", lambda m: F(m).cross_entropy(m.ones(2, 3), m.ones(3)), ValueError, r"\(2\).*\(3\)")
refuse("cross_entropy", lambda m: F(m).cross_entropy(m.ones(2, 3), m.ones(2, 3), m.ones(2)), RuntimeError, "2")
refuse("cross_entropy", lambda m: F(m).cross_entropy(m.ones(2, 3), m.ones(2, 3), ignore_index=1), RuntimeError, "1")
