"""Rows of functional/normalisation.py, embedding.py and the alpha dropouts."""

from __future__ import annotations

from operation_rows import Table, integers, normal, values

table = Table()
add, refuse = table.add, table.refuse


def F(m):
    """nn.functional of minicnn or torch."""
    return m.nn.functional


for shape, last in (((9, 4), (4,)), ((2, 3, 4), (3, 4)), ((4,), (4,)), ((9, 2, 3, 2), (3, 2))):
    add("layer_norm", lambda m, a, n=last: F(m).layer_norm(a, n), normal(*shape))
    add("layer_norm", lambda m, a, w, b, n=last: F(m).layer_norm(a, n, w, b, 0.1), normal(*shape), *[normal(*last)] * 2)
    add("layer_norm", lambda m, a, w, n=last: F(m).layer_norm(a, n, w), normal(*shape), normal(*last))
    add("layer_norm", lambda m, a, b, n=last: F(m).layer_norm(a, n, bias=b), normal(*shape), normal(*last),
        second=False)  # fmt: skip
    add("rms_norm", lambda m, a, n=last: F(m).rms_norm(a, n), normal(*shape))
    add("rms_norm", lambda m, a, w, n=last: F(m).rms_norm(a, n, w, 0.1), normal(*shape), normal(*last))
add("layer_norm", lambda m, a: m.layer_norm(a, [3]), normal(0, 3), grad_fn=False, smooth=False, second=False)
for shape, groups in (((9, 4, 2, 3), 2), ((2, 6, 3), 3), ((3, 4), 1), ((9, 4, 2, 2), 4)):
    channels = shape[1]
    add("group_norm", lambda m, a, n=groups: F(m).group_norm(a, n), normal(*shape))
    add("group_norm", lambda m, a, w, b, n=groups: F(m).group_norm(a, n, w, b, 0.1), normal(*shape),
        normal(channels), normal(channels))  # fmt: skip
    if len(shape) > 2:
        add("instance_norm", lambda m, a: F(m).instance_norm(a), normal(*shape))
        add("instance_norm", lambda m, a, w, b: F(m).instance_norm(a, None, None, w, b, eps=0.1), normal(*shape),
            normal(channels), normal(channels))  # fmt: skip
        add("instance_norm",
            lambda m, a: F(m).instance_norm(a, m.ones(a.shape[1], dtype=a.dtype), m.ones(a.shape[1], dtype=a.dtype) * 2,
                                            use_input_stats=False),
            normal(*shape))  # fmt: skip
add("group_norm", lambda m, a, w: m.group_norm(a, 2, w), normal(2, 4, 3), normal(4))
table_, rows_ = normal(5, 3), values([0, 2, 2], [4, 0, 2])
add("embedding", lambda m, w, i: F(m).embedding(i, w), table_, rows_)
add("embedding", lambda m, w, i: F(m).embedding(i, w, padding_idx=2), table_, rows_, smooth=False)
add("embedding", lambda m, w, i: F(m).embedding(i, w, padding_idx=-3, scale_grad_by_freq=True), table_, rows_,
    smooth=False, second=False)  # fmt: skip
add("embedding", lambda m, w, i: F(m).embedding(i.int(), w), table_, integers(high=5))
add("embedding", lambda m, w: F(m).embedding(m.zeros(0).long(), w), table_)
ALPHA = ("alpha_dropout", "feature_alpha_dropout")
for name, p in ((name, p) for name in ALPHA for p in (0, 1.0)):
    add(name, lambda m, a, f=name, p=p: getattr(F(m), f)(a, p, True), normal(3, 4), grad_fn=False)
add("alpha_dropout", lambda m, a: F(m).alpha_dropout(a), normal(3, 4), grad_fn=False)
add("dropout3d", lambda m, a: F(m).dropout3d(a, 0.5, False), normal(2, 3, 2, 2, 2), grad_fn=False)
add("dropout3d", lambda m, a: F(m).dropout3d(a, 0.0), normal(3, 2, 2, 2), grad_fn=False)

refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), 3), TypeError, "normalized_shape.*int")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), []), RuntimeError, "at least 1-dim")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), [4]), RuntimeError, r"\[\*, 4\].*\[2, 3\]")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), [3], m.ones(4)), RuntimeError, "weight of shape.*4")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), [3], None, m.ones(4)), RuntimeError, "bias of shape.*4")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3).long(), [3]), NotImplementedError, "int64")
refuse("layer_norm", lambda m: F(m).layer_norm(m.ones(2, 3), [3], m.ones(3).double()), RuntimeError, "float64")
refuse("rms_norm", lambda m: F(m).rms_norm(m.ones(2, 3), [4]), RuntimeError, "4.*2, 3")
refuse("rms_norm", lambda m: F(m).rms_norm(m.ones(2, 3).long(), [3]), NotImplementedError, "int64")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(2, 6, 3), 4), RuntimeError, "divisible.*num_groups=4")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(2, 6, 3), 0), ZeroDivisionError, "num_groups")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(3), 1), RuntimeError, "at least 2")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(1, 6), 6), ValueError, "more than 1 value.*1, 6")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(2, 6), 3, m.ones(3)), RuntimeError, "number of channels.*3")
refuse("group_norm", lambda m: F(m).group_norm(m.ones(2, 6).long(), 3), NotImplementedError, "int64")
refuse("instance_norm", lambda m: F(m).instance_norm(m.ones(2, 6, 1)), ValueError, "more than 1 spatial")
refuse("instance_norm", lambda m: F(m).instance_norm(m.ones(2, 6)), ValueError, "more than 1 spatial")
refuse("instance_norm", lambda m: F(m).instance_norm(m.ones(2, 6, 3), use_input_stats=False),
       RuntimeError, "running_mean")  # fmt: skip
refuse("instance_norm", lambda m: F(m).instance_norm(m.ones(2, 6, 3), m.ones(3), m.ones(3)), RuntimeError, "6 elements")
ROWS = [0, 3]
refuse("embedding", lambda m: F(m).embedding(m.tensor(ROWS), m.ones(3, 2)), IndexError, "0 … 3.*0 … 2")
refuse("embedding", lambda m: F(m).embedding(-m.tensor(ROWS), m.ones(3, 2)), IndexError, "-3 … 0")
refuse("embedding", lambda m: F(m).embedding(m.ones(2), m.ones(3, 2)), RuntimeError, "float32")
refuse("embedding", lambda m: F(m).embedding(m.tensor(ROWS).byte(), m.ones(3, 2)), RuntimeError, "uint8")
refuse("embedding", lambda m: F(m).embedding(m.tensor(ROWS), m.ones(5)), RuntimeError, "2-D.*5")
refuse("embedding", lambda m: F(m).embedding(m.tensor(ROWS), m.ones(5, 2), 5), AssertionError, "5, 5 rows")
refuse("embedding", lambda m: F(m).embedding("a", m.ones(5, 2)), TypeError, "input.*str")
for name in ALPHA:
    refuse(name, lambda m, f=name: getattr(F(m), f)(m.ones(3, 3), 1.5), ValueError, "1.5")
    refuse(name, lambda m, f=name: getattr(F(m), f)(m.ones(3, 3).long(), 0.5, True), RuntimeError, "int64")
    refuse(name, lambda m, f=name: getattr(F(m), f)(m.ones(3, 3, requires_grad=True), 0.5, True, True),
           RuntimeError, "leaf")  # fmt: skip
refuse("feature_alpha_dropout", lambda m: F(m).feature_alpha_dropout(m.ones(3), 0.5, True),
       RuntimeError, "2 dimensions")  # fmt: skip
refuse("dropout3d", lambda m: F(m).dropout3d(m.ones(2, 3, 2, 2), -1.0), ValueError, "-1.0")
