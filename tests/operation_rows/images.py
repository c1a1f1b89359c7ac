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
