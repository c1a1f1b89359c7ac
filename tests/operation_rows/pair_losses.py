"""Rows of functional/elementwise_loss.py, likelihood.py, margin_loss.py and distance.py."""

from __future__ import annotations

from operation_rows import Table, booleans, integers, normal, positive, values

table = Table()
add, refuse = table.add, table.refuse


def F(m):
    """nn.functional of minicnn or torch."""
    return m.nn.functional


def probabilities(*shape):
    """Numbers from 0.2 to 0.8."""
    return lambda random: random.uniform(0.2, 0.8, shape)


def signs(*shape):
    """1 and -1."""
    return lambda random: random.choice([-1, 1], shape)


def counts(*shape):
    """1, 2 and 3."""
    return integers(*shape, low=1, high=4)


def loss(name, *args, **options):
    """The loss of this name, with further arguments."""
    return lambda m, *inputs: getattr(F(m), name)(*inputs, *args, **options)


def fixed(name, count, *args, **options):
    """As `loss`; the last `count` inputs are whole numbers, which have no gradient, taken as numbers of a's type."""
    return lambda m, a, *inputs: getattr(F(m), name)(
        a, *inputs[: len(inputs) - count], *(t.to(a.dtype) for t in inputs[len(inputs) - count :]), *args, **options
    )


def given(name, *, m_args, **options):
    """A call of the loss with arguments that `m_args(m)` makes."""
    return lambda m: getattr(F(m), name)(*m_args(m), **options)


SHAPE = (9, 2, 2, 2)
for r in ({"reduction": "mean"}, {"reduction": "sum"}, {"reduction": "none"}):
    whole = r["reduction"] != "none"
    for shape in (SHAPE, (5,)):
        a, b = normal(*shape), normal(*shape)
        for name in ("mse_loss", "l1_loss"):
            add(name, loss(name, **r), a, b)
        for options in ({}, {"beta": 0.4}):
            add("smooth_l1_loss", loss("smooth_l1_loss", **r, **options), a, b)
        for options in ({}, {"delta": 0.4}):
            add("huber_loss", loss("huber_loss", **r, **options), a, b)
        add("soft_margin_loss", fixed("soft_margin_loss", 1, **r), a, signs(*shape))
        add("binary_cross_entropy", loss("binary_cross_entropy", **r), probabilities(*shape), probabilities(*shape))
        add("binary_cross_entropy_with_logits", loss("binary_cross_entropy_with_logits", **r), a,
            probabilities(*shape))  # fmt: skip
        add("kl_div", loss("kl_div", **r), a, probabilities(*shape))
        add("kl_div", loss("kl_div", log_target=True, **r), a, b)
        add("poisson_nll_loss", loss("poisson_nll_loss", **r), a, positive(*shape))
        add("poisson_nll_loss", loss("poisson_nll_loss", log_input=False, eps=0.01, **r), positive(*shape), a)
        for full in (False, True):
            add("gaussian_nll_loss", loss("gaussian_nll_loss", full=full, **r), a, b, positive(*shape))
        add("hinge_embedding_loss", fixed("hinge_embedding_loss", 1, **r), a,
            signs(*shape))  # fmt: skip
        add("margin_ranking_loss", fixed("margin_ranking_loss", 1, 0.5, **r),
            a, b, signs(*shape), grad_fn=whole)  # fmt: skip
    add("smooth_l1_loss", loss("smooth_l1_loss", beta=0, **r), normal(4), normal(4))
    add("mse_loss", loss("mse_loss", **r), normal(3), integers(3), grad_fn=False)
    for name, weighted in (("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": 0.7})):
        add(name, lambda m, a, b, w, f=loss, n=name, o=r | weighted: f(n, weight=w, **o)(m, a, b), normal(4, 3),
            normal(4, 3), positive(4, 3))  # fmt: skip
    for weight in (counts(4, 3), counts(3), counts(4, 1)):
        add("binary_cross_entropy", fixed("binary_cross_entropy", 1, **r), probabilities(4, 3), probabilities(4, 3),
            weight, grad_fn=whole)  # fmt: skip
        name = "binary_cross_entropy_with_logits"
        add(name, fixed(name, 1, **r), normal(4, 3), probabilities(4, 3), weight, grad_fn=whole)
        add(name, lambda m, a, b, w, n=name, o=r: getattr(F(m), n)(a, b, w / 2, pos_weight=w + 1.5, **o), normal(4, 3),
            probabilities(4, 3), weight, grad_fn=whole)  # fmt: skip
    add("binary_cross_entropy", fixed("binary_cross_entropy", 1, **r), values(0.0, 1.0, 0.0, 1.0, 0.5),
        values(0, 1, 1, 0, 0), smooth=False, second=False)  # fmt: skip
    add("binary_cross_entropy_with_logits", loss("binary_cross_entropy_with_logits", **r), values(800.0, -800.0, 0.0),
        probabilities(3), smooth=False, second=False)  # fmt: skip
    add("poisson_nll_loss", fixed("poisson_nll_loss", 1, full=True, **r), normal(4, 3), integers(4, 3, high=5))
    add("gaussian_nll_loss", loss("gaussian_nll_loss", **r), normal(4, 3), normal(4, 3), positive(4))
    add("gaussian_nll_loss", loss("gaussian_nll_loss", 2.0, **r), normal(4, 3), normal(4, 3))
    add("gaussian_nll_loss", fixed("gaussian_nll_loss", 1, eps=0.3, **r), normal(4, 3), normal(4, 3), integers(4, 3))
    add("cosine_embedding_loss",
        fixed("cosine_embedding_loss", 1, margin=0.1, **r), normal(9, 4),
        normal(9, 4), signs(9))  # fmt: skip
    add("cosine_embedding_loss", lambda m, a, b, o=r: F(m).cosine_embedding_loss(a, b, m.tensor(-1), -0.9, **o),
        normal(4), normal(4), grad_fn=whole)  # fmt: skip
    for options in ({}, {"swap": True, "margin": 2.0}, {"p": 1, "margin": 3.0}):
        add("triplet_margin_loss", loss("triplet_margin_loss", **options, **r), *[normal(5, 4)] * 3,
            grad_fn=whole)  # fmt: skip
    for options in ({}, {"p": 2, "margin": 0.4}):
        o = options | r
        add("multi_margin_loss", loss("multi_margin_loss", **o), normal(9, 4), integers(9, high=4), second=False)
        add("multi_margin_loss",
            lambda m, a, t, w, o=o: F(m).multi_margin_loss(a, t, weight=w.to(a.dtype), **o), normal(9, 4),
            integers(9, high=4), counts(4), second=False)  # fmt: skip
        add("multi_margin_loss", loss("multi_margin_loss", **o), normal(4), integers(high=4), second=False)
        add("multi_margin_loss", loss("multi_margin_loss", **o), normal(4), integers(1, high=4), second=False)
    for targets in ([[0, 2, -1, 1], [3, -1, 0, 0], [-1, 0, 0, 0], [0, 1, 2, 3]], [[1, 1, -1, 0]] * 4):
        add("multilabel_margin_loss", lambda m, a, t=targets, o=r: F(m).multilabel_margin_loss(a, m.tensor(t), **o),
            normal(4, 4), second=False)  # fmt: skip
    add("multilabel_margin_loss", lambda m, a, t, o=r: F(m).multilabel_margin_loss(a, t, **o), normal(3),
        values(1, -1, 2), second=False)  # fmt: skip
    add("multilabel_soft_margin_loss",
        fixed("multilabel_soft_margin_loss", 1, **r), normal(4, 3), booleans(4, 3),
        grad_fn=whole)  # fmt: skip
    add("multilabel_soft_margin_loss",
        fixed("multilabel_soft_margin_loss", 2, **r), normal(4, 3),
        booleans(4, 3), counts(3), grad_fn=whole)  # fmt: skip
for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3).long(), m.ones(2, 3).long())),
           RuntimeError if name == "l1_loss" else NotImplementedError, "int64")  # fmt: skip
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3), m.ones(2, 3)), reduction="x"), ValueError, "'x'")
for name in ("kl_div", "hinge_embedding_loss", "soft_margin_loss", "poisson_nll_loss"):
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3), m.ones(2, 4))), RuntimeError, "3.*4|4.*3")
add("kl_div", loss("kl_div", reduction="batchmean"), normal(4, 3), probabilities(4, 3))
add("kl_div", loss("kl_div", reduction="batchmean"), normal(), probabilities(), grad_fn=False)
add("kl_div", loss("kl_div", reduction="sum"), normal(3), values(0.0, 0.3, 0.7), smooth=False, second=False,
    differentiable=False)  # fmt: skip
add("hinge_embedding_loss", lambda m, a: F(m).hinge_embedding_loss(a, m.tensor([[0], [1], [-1]]), 0.5), normal(3, 4))
add("mse_loss", loss("mse_loss"), normal(0, 3), normal(0, 3), smooth=False, second=False)
add("mse_loss", loss("mse_loss", reduction="sum"), normal(0, 3), normal(0, 3))
add("cosine_similarity", lambda m, a, b: F(m).cosine_similarity(a, b), normal(9, 4), normal(9, 4), grad_fn=False)
add("cosine_similarity", lambda m, a, b: m.cosine_similarity(a, b, dim=0, eps=3.0), normal(4, 1), normal(4, 3),
    grad_fn=False, smooth=False, second=False)  # fmt: skip
add("pairwise_distance", lambda m, a, b: F(m).pairwise_distance(a, b), normal(9, 4), normal(9, 4))
add("pairwise_distance", lambda m, a, b: m.pairwise_distance(a, b, 1.0, 0.1, True), normal(9, 4), normal(4))
add("normalize", lambda m, a: F(m).normalize(a), normal(9, 4))
add("normalize", lambda m, a: F(m).normalize(a, p=1, dim=-1, eps=30.0), normal(9, 4))

refuse("smooth_l1_loss", lambda m: F(m).smooth_l1_loss(m.ones(2), m.ones(2), beta=-1.0), RuntimeError, "beta.*-1.0")
refuse("huber_loss", lambda m: F(m).huber_loss(m.ones(2), m.ones(2), delta=0.0), RuntimeError, "delta.*0.0")
refuse("mse_loss", lambda m: F(m).mse_loss(m.ones(2, 3), m.ones(2, 3), weight=m.ones(3)), ValueError, "same size")
refuse("mse_loss", lambda m: F(m).mse_loss([1.0], m.ones(2)), (TypeError, AttributeError), "list")
for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3), m.ones(3))), ValueError, "size.*3.*2, 3")
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3).long(), m.ones(2, 3).long())), NotImplementedError, "int64")
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3), m.ones(2, 3).long())), RuntimeError, "int64")
    refuse(name, given(name, m_args=lambda m: (m.ones(2, 3), m.ones(2, 3), m.ones(4))), RuntimeError, "4")
refuse("binary_cross_entropy", lambda m: F(m).binary_cross_entropy(m.ones(2) * 2, m.ones(2)),
       RuntimeError, "2.0.*sigmoid")  # fmt: skip
refuse("binary_cross_entropy", lambda m: F(m).binary_cross_entropy(m.ones(2), m.ones(2).double()),
       RuntimeError, "float64")  # fmt: skip
refuse("binary_cross_entropy", lambda m: F(m).binary_cross_entropy(m.tensor([float("nan")]), m.ones(1)),
       RuntimeError, "nan")  # fmt: skip
refuse("kl_div", lambda m: F(m).kl_div(m.ones(2), m.ones(2).long()), RuntimeError, "Integral.*int64")
refuse("kl_div", lambda m: F(m).kl_div(m.ones(2), m.ones(2), reduction="x"), ValueError, "batchmean")
refuse("gaussian_nll_loss", lambda m: F(m).gaussian_nll_loss(m.ones(2, 3), m.ones(2, 3), -m.ones(2, 3)),
       ValueError, "-1.0")  # fmt: skip
refuse("gaussian_nll_loss", lambda m: F(m).gaussian_nll_loss(m.ones(2, 3), m.ones(2, 3), -1.0), ValueError, "-1.0")
refuse("gaussian_nll_loss", lambda m: F(m).gaussian_nll_loss(m.ones(2, 3), m.ones(2, 3), m.ones(3)),
       ValueError, r"\[3\]")  # fmt: skip
refuse("gaussian_nll_loss", lambda m: F(m).gaussian_nll_loss(m.ones(2), m.ones(2), 1.0, reduction="x"),
       ValueError, "'x'")  # fmt: skip
refuse("margin_ranking_loss", lambda m: F(m).margin_ranking_loss(m.ones(2, 3), m.ones(2), m.ones(2)), RuntimeError,
       "same dimension")  # fmt: skip
refuse("cosine_embedding_loss", lambda m: F(m).cosine_embedding_loss(m.ones(3), m.ones(3), m.ones(1)),
       RuntimeError, "2D")  # fmt: skip
refuse("cosine_embedding_loss", lambda m: F(m).cosine_embedding_loss(m.ones(2, 3), m.ones(2, 3), m.ones(2, 3)),
       RuntimeError, "multi-target")  # fmt: skip
refuse("cosine_embedding_loss", lambda m: F(m).cosine_embedding_loss(m.ones(2, 3), m.ones(2, 4), m.ones(2)),
       RuntimeError, "3.*4")  # fmt: skip
refuse("triplet_margin_loss", lambda m: F(m).triplet_margin_loss(m.ones(2), m.ones(2), m.ones(2), margin=-1.0),
       ValueError, "-1.0")  # fmt: skip
refuse("triplet_margin_loss", lambda m: F(m).triplet_margin_loss(m.ones(2, 3), m.ones(3), m.ones(2, 3)),
       RuntimeError, "1D")  # fmt: skip
T = [0, 1]
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3), m.tensor([0, 3])), RuntimeError, "range.*3")
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3), m.tensor([0])),
       RuntimeError, r"\[2\].*\[1\]")  # fmt: skip
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3), m.tensor(T), p=3), ValueError, "3")
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3), m.tensor(T), weight=m.ones(2)),
       RuntimeError, "3")  # fmt: skip
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3), m.ones(2)), RuntimeError, "float32")
refuse("multi_margin_loss", lambda m: F(m).multi_margin_loss(m.ones(2, 3, 2), m.tensor(T)), RuntimeError, "2, 3, 2")
LISTED = [[0, 3, -1]]
refuse("multilabel_margin_loss", lambda m: F(m).multilabel_margin_loss(m.ones(1, 3), m.tensor(LISTED)),
       RuntimeError, "range")  # fmt: skip
refuse("multilabel_margin_loss", lambda m: F(m).multilabel_margin_loss(m.ones(2, 3), m.tensor(T)), RuntimeError, "size")
refuse("multilabel_soft_margin_loss", lambda m: F(m).multilabel_soft_margin_loss(m.ones(2, 3), m.ones(2)),
       RuntimeError, "3")  # fmt: skip
refuse("cosine_similarity", lambda m: m.cosine_similarity(m.ones(2, 3), m.ones(2, 4)), RuntimeError, "3.*4")
refuse("cosine_similarity", lambda m: m.cosine_similarity(m.ones(2).long(), m.ones(2).long(), 0), RuntimeError, "int64")

for kind in ("int32", "uint8", "int64"):
    add("l1_loss", lambda m, a, b, t=kind: m.nn.functional.l1_loss(a.to(getattr(m, t)), b.to(getattr(m, t)),
        reduction="sum"), integers(3, 2), integers(3, 2), differentiable=False)  # fmt: skip
for swap in (False, True):
    add("triplet_margin_with_distance_loss", lambda m, a, p, n, s=swap: m.nn.functional.
        triplet_margin_with_distance_loss(a, p, n, swap=s, margin=2.0), normal(3, 4), normal(3, 4), normal(3, 4),
        grad_fn=False)  # fmt: skip
add("triplet_margin_with_distance_loss", lambda m, a, p, n: m.nn.functional.triplet_margin_with_distance_loss(
    a, p, n, distance_function=lambda x, y: ((x - y) ** 2).sum(1), reduction="sum"), normal(3, 4), normal(3, 4),
    normal(3, 4), grad_fn=False)  # fmt: skip
refuse(
    "triplet_margin_with_distance_loss",
    lambda m: m.nn.functional.triplet_margin_with_distance_loss(m.ones(2, 3), m.ones(2, 3), m.ones(2, 3), margin=0),
    ValueError,
    "margin must be greater than 0, got `margin` 0",
)
