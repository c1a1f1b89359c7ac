"""Rows of functional/interpolate.py, shuffle.py and local_response_norm.py."""

from __future__ import annotations

from operation_rows import Table, integers, normal
from operation_rows.layers import F

table = Table()
add, refuse = table.add, table.refuse


def wrong(function, says, error, call):
    """A bad call of the function; `call` gets it, too."""
    refuse(function, lambda m: call(m, getattr(F(m), function)), error, says)


# --- interpolation ----------------------------------------------------------------------------------


def resize(*shape, **options):
    """A row of interpolate."""
    add("interpolate", lambda m, a: F(m).interpolate(a, **options), normal(*shape))


for batch in (2, 9):
    for mode in ("nearest", "nearest-exact", "linear"):
        resize(batch, 2, 4, scale_factor=2, mode=mode)
        resize(batch, 2, 5, size=3, mode=mode)
    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        resize(batch, 2, 3, 4, scale_factor=2, mode=mode)
        resize(batch, 2, 4, 3, scale_factor=(0.6, 1.7), mode=mode)
        resize(batch, 2, 4, 5, size=(3, 7), mode=mode)
    for mode in ("bilinear", "bicubic"):
        resize(batch, 2, 3, 4, size=(5, 1), mode=mode, align_corners=True)
        resize(batch, 2, 4, 3, scale_factor=1.4, mode=mode, recompute_scale_factor=True)
resize(2, 2, 4, size=6, mode="linear", align_corners=True)
resize(2, 1, 4, size=6, mode="area")
resize(8, 1, 5, 4, scale_factor=0.5, mode="area")
resize(2, 2, 3, 3, scale_factor=1.2)
resize(2, 2, 3, 3, size=3, mode="bilinear")
resize(0, 2, 3, 3, scale_factor=2)
resize(1, 1, 20, 1, size=(47, 90))
add("interpolate", lambda m, a: F(m).interpolate(a.byte(), 4), integers(2, 3, 2, 2))
add("interpolate", lambda m, a: F(m).interpolate(a.half(), (3, 5), mode="bilinear").to(a.dtype), normal(2, 1, 2, 3),
    smooth=False, second=False, grad_fn=False)  # fmt: skip

X, L = (1, 2, 4, 4), (1, 2, 4)
wrong("interpolate", "either size or scale_factor", ValueError, lambda m, f: f(m.ones(X)))
wrong("interpolate", "only one of size or scale_factor", ValueError, lambda m, f: f(m.ones(X), 4, 2.0))
wrong("interpolate", r"\[4, 4\].*\(2,\)", ValueError, lambda m, f: f(m.ones(X), scale_factor=(2,)))
wrong("interpolate", r"\[4\].*\[2, 3\]", ValueError, lambda m, f: f(m.ones(L), [2, 3]))
wrong("interpolate", r"size.*\(4, None\)", TypeError, lambda m, f: f(m.ones(X), (4, None)))
wrong("interpolate", "size.*2.5", TypeError, lambda m, f: f(m.ones(X), 2.5))
wrong("interpolate", "scale_factor.*'a'", TypeError, lambda m, f: f(m.ones(X), scale_factor="a"))
wrong("interpolate", r"greater than 0.*\[4, 4\].*\[0, 0\]", RuntimeError, lambda m, f: f(m.ones(X), scale_factor=0.1))
wrong("interpolate", r"greater than 0.*\[-3, -3\]", RuntimeError, lambda m, f: f(m.ones(X), -3))
wrong("interpolate", r"greater than 0.*\[0, 4\]", RuntimeError, lambda m, f: f(m.ones(1, 1, 0, 4), 4))
wrong("interpolate", r"\[2, 0, 4, 4\]", RuntimeError, lambda m, f: f(m.ones(2, 0, 4, 4), 4))
wrong("interpolate", "align_corners.*'nearest'", ValueError, lambda m, f: f(m.ones(X), 4, align_corners=True))
wrong("interpolate", "align_corners.*1", TypeError, lambda m, f: f(m.ones(X), 4, mode="bilinear", align_corners=1))
wrong("interpolate", "explicit size", ValueError, lambda m, f: f(m.ones(X), 4, recompute_scale_factor=True))
wrong("interpolate", "Anti-alias", ValueError, lambda m, f: f(m.ones(L), 4, mode="linear", antialias=True))
wrong("interpolate", "4D.*'linear'.*bilinear", NotImplementedError, lambda m, f: f(m.ones(X), 4, mode="linear"))
wrong("interpolate", "3D.*'bilinear'", NotImplementedError, lambda m, f: f(m.ones(L), 4, mode="bilinear"))
wrong("interpolate", "'cubic'.*bicubic", NotImplementedError, lambda m, f: f(m.ones(X), 4, mode="cubic"))
wrong("interpolate", "2D", NotImplementedError, lambda m, f: f(m.ones(2, 4), (), mode="nearest"))
wrong("interpolate", "int64", NotImplementedError, lambda m, f: f(m.ones(X).long(), 4))
wrong("interpolate", "bool", NotImplementedError, lambda m, f: f(m.ones(X).bool(), 4))

# --- shuffling --------------------------------------------------------------------------------------

for batch in (2, 9):
    add("pixel_shuffle", lambda m, a: F(m).pixel_shuffle(a, 2), normal(batch, 8, 2, 3))
    add("pixel_unshuffle", lambda m, a: F(m).pixel_unshuffle(a, 2), normal(batch, 2, 4, 6))
    add("channel_shuffle", lambda m, a: F(m).channel_shuffle(a, 2), normal(batch, 6, 2, 3))
add("pixel_shuffle", lambda m, a: m.pixel_shuffle(a, 3), normal(9, 2, 1))
add("pixel_shuffle", lambda m, a: m.pixel_shuffle(a, 2), normal(2, 3, 4, 1, 2))
add("pixel_shuffle", lambda m, a: m.pixel_shuffle(a, 2), integers(2, 4, 1, 2))
add("pixel_shuffle", lambda m, a: m.pixel_shuffle(a, 2), normal(0, 4, 1, 2), grad_fn=False, differentiable=False)
add("pixel_unshuffle", lambda m, a: m.pixel_unshuffle(a, 2), normal(1, 4, 2))
add("pixel_unshuffle", lambda m, a: m.pixel_unshuffle(a, 1), normal(2, 2, 1, 3, 2))
add("channel_shuffle", lambda m, a: m.channel_shuffle(a, 3), normal(2, 6, 3))
add("channel_shuffle", lambda m, a: m.channel_shuffle(a, 1), normal(8, 2, 1, 1, 2))

wrong("pixel_shuffle", "=3 is not divisible by 4", RuntimeError, lambda m, f: f(m.ones(1, 3, 2, 2), 2))
wrong("pixel_shuffle", "at least 3.*2 dim", RuntimeError, lambda m, f: f(m.ones(4, 2), 2))
wrong("pixel_shuffle", "positive.*0", RuntimeError, lambda m, f: f(m.ones(4, 2, 2), 0))
wrong("pixel_shuffle", "upscale_factor.*float", TypeError, lambda m, f: f(m.ones(4, 2, 2), 2.0))
wrong("pixel_unshuffle", r"size\(-2\)=3.*by 2", RuntimeError, lambda m, f: f(m.ones(4, 3, 2), 2))
wrong("pixel_unshuffle", r"size\(-1\)=3.*by 2", RuntimeError, lambda m, f: f(m.ones(4, 2, 3), 2))
wrong("pixel_unshuffle", "positive.*-1", RuntimeError, lambda m, f: f(m.ones(4, 2, 2), -1))
wrong("channel_shuffle", "5 channels and 2 groups", RuntimeError, lambda m, f: f(m.ones(2, 5, 2), 2))
wrong("channel_shuffle", r"> 2 dims.*\[2, 6\]", RuntimeError, lambda m, f: f(m.ones(2, 6), 2))
wrong("channel_shuffle", "positive.*0", RuntimeError, lambda m, f: f(m.ones(2, 6, 2), 0))

# --- neighbours among the channels ------------------------------------------------------------------

for batch in (2, 9):
    for size in (1, 2, 3, 4, 9):
        add("local_response_norm", lambda m, a, n=size: F(m).local_response_norm(a, n, 0.5), normal(batch, 4, 2, 3))
add("local_response_norm", lambda m, a: F(m).local_response_norm(a, 3, 0.1, 1.5, 2), normal(9, 5, 3))
add("local_response_norm", lambda m, a: F(m).local_response_norm(a, 2, alpha=1), normal(2, 3, 2, 1, 2))
add("local_response_norm", lambda m, a: F(m).local_response_norm(a, 2) * 1, normal(0, 3, 2, 2), grad_fn=False)
wrong("local_response_norm", "3D.*2 dim", ValueError, lambda m, f: f(m.ones(2, 3), 2))
wrong("local_response_norm", "kernel_size.*0", RuntimeError, lambda m, f: f(m.ones(2, 3, 4), 0))

# --- the bilinear layer -----------------------------------------------------------------------------

for rows in ((9,), (2, 3), ()):
    add("bilinear", lambda m, a, b, w, c: F(m).bilinear(a, b, w, c),
        normal(*rows, 2), normal(*rows, 3), normal(4, 2, 3), normal(4), grad_fn=False)  # fmt: skip
add("bilinear", lambda m, a, b, w: F(m).bilinear(a, b, w), normal(2, 3), normal(2, 2), normal(1, 3, 2), grad_fn=False)
B = ((2, 3), (2, 2), (4, 3, 2))
wrong("bilinear", "batch", RuntimeError, lambda m, f: f(m.ones(2, 3), m.ones(3, 2), m.ones(B[2])))
wrong("bilinear", r"3 and 2.*\[4, 2, 2\]", RuntimeError, lambda m, f: f(*(m.ones(s) for s in B[:2]), m.ones(4, 2, 2)))
wrong("bilinear", r"bias.*4.*\[3\]", RuntimeError, lambda m, f: f(*(m.ones(s) for s in B), m.ones(3)))

# --- places of one's own ----------------------------------------------------------------------------


def places(*shape):
    """Places, some of them beyond the edges, none on a kink."""
    return lambda random: random.uniform(-1.4, 1.4, shape)


for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for align in (False, True):
            how = {"mode": mode, "padding_mode": padding, "align_corners": align}
            add("grid_sample", lambda m, a, g, how=how: F(m).grid_sample(a, g, **how), normal(2, 3, 4, 5),
                places(2, 3, 2, 2), second=False)  # fmt: skip
add("grid_sample", lambda m, a, g: F(m).grid_sample(a, g, align_corners=True), normal(1, 2, 1, 1), places(1, 2, 2, 2),
    smooth=False, second=False)  # fmt: skip
add("grid_sample", lambda m, a, g: F(m).grid_sample(a, g / 0, padding_mode="border", align_corners=False),
    normal(1, 2, 3, 4), normal(1, 2, 2, 2), differentiable=False)  # fmt: skip
for align in (False, True):
    add("affine_grid", lambda m, t, a=align: F(m).affine_grid(t, (2, 1, 3, 4), a), normal(2, 2, 3), grad_fn=False)
add("affine_grid", lambda m, t: F(m).affine_grid(t, m.Size((2, 1, 1, 2)), False), normal(2, 2, 3), grad_fn=False)


def sample(m, f, shape=(1, 2, 4, 4), grid=(1, 3, 3, 2), **options):
    """A grid_sample of ones and zeros."""
    return f(m.ones(*shape), m.zeros(*grid), **{"align_corners": False, **options})


wrong("grid_sample", "but got: 'linear'", ValueError, lambda m, f: sample(m, f, mode="linear"))
wrong("grid_sample", "but got: 'ones'", ValueError, lambda m, f: sample(m, f, padding_mode="ones"))
wrong("grid_sample", "size 2 in last dimension", RuntimeError, lambda m, f: sample(m, f, grid=(1, 3, 3, 1)))
wrong("grid_sample", "same batch size", RuntimeError, lambda m, f: sample(m, f, grid=(2, 3, 3, 2)))
wrong("grid_sample", "expected 4D input", RuntimeError, lambda m, f: sample(m, f, (1, 4, 4)))
wrong("grid_sample", "dimension 2 being empty", RuntimeError, lambda m, f: sample(m, f, (1, 2, 0, 4)))
wrong("grid_sample", "expected `grid` of type", RuntimeError, lambda m, f: f(m.ones(1, 1, 2, 2),
      m.zeros(1, 2, 2, 2, dtype=m.float64), align_corners=True))  # fmt: skip
wrong("affine_grid", "only supports 4D and 5D", NotImplementedError, lambda m, f: f(m.ones(1, 2, 3), (1, 2, 3), True))
wrong("affine_grid", "positive output size", ValueError, lambda m, f: f(m.ones(1, 2, 3), (1, 2, 0, 3), True))
wrong("affine_grid", "floating point type", ValueError, lambda m, f: f(m.ones(1, 2, 3).long(), (1, 2, 3, 3), True))
wrong("affine_grid", "shape Nx2x3", ValueError, lambda m, f: f(m.ones(1, 3, 3), (1, 2, 3, 3), True))
wrong("affine_grid", "wants 2", RuntimeError, lambda m, f: f(m.ones(1, 2, 3), (2, 2, 3, 3), True))

# --- activations that draw --------------------------------------------------------------------------


def drawing(function, make, **options):
    """A row of a function of F that draws: both from the same seed."""
    add(function, lambda m, a: (m.manual_seed(4), getattr(F(m), function)(a, **options))[1], make, grad_fn=False)


drawing("rrelu", normal(3, 7), training=True)
drawing("rrelu", normal(2, 3, 4, 5), lower=0.3, upper=0.3, training=True)
drawing("rrelu", normal(3, 4))
add("rrelu", lambda m, a: (m.manual_seed(4), F(m).rrelu_(a * 2, training=True))[1], normal(3, 7), grad_fn=False)
drawing("gumbel_softmax", normal(3, 5), tau=0.7)
add("gumbel_softmax", lambda m, a: (m.manual_seed(4), F(m).gumbel_softmax(a, hard=True, dim=0))[1], normal(3, 5),
    smooth=False, grad_fn=False)  # fmt: skip
wrong("rrelu", "`lower` 0.5, `upper` 0.2", RuntimeError, lambda m, f: f(m.ones(2), 0.5, 0.2))
wrong("rrelu", "use .float()", NotImplementedError, lambda m, f: f(m.ones(2).long(), training=True))
