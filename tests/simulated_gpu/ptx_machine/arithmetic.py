"""What PTX's instructions compute, on NumPy arrays: a number for each thread.

`computes(instruction)` gives a function of typed operands, or an error for what is not known here: an instruction is
never guessed. The meaning of each is that of NVIDIA's "PTX ISA", chapter "Instruction Set". Every rounding is exact:
fma rounds once, .rz and .rm round to zero and down, .ftz makes zeros of float32's subnormals on the way in and out.
What PTX leaves open (rcp.approx, ex2.approx and their kin) is here as good as the type allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .parse import Instruction

Array = np.ndarray[Any, Any]
TYPES = {kind + str(bits): np.dtype(f"{name}{bits}") for kind, name, widths in (
    ("u", "uint", (8, 16, 32, 64)), ("b", "uint", (8, 16, 32, 64)), ("s", "int", (8, 16, 32, 64)),
    ("f", "float", (16, 32, 64)),
) for bits in widths} | {"pred": np.dtype(bool)}  # fmt: skip
ROUNDINGS = {"rn", "rz", "rm", "rp"}


class Unknown(NotImplementedError):
    """An instruction that the machine does not know."""


# --- rounding --------------------------------------------------------------------------------------


def flushed(x: Array) -> Array:
    """float32's subnormals as zeros of their sign."""
    if x.dtype != np.float32:
        return x
    twice = np.asarray(x).view(np.uint32) << np.uint32(1)
    small = twice - np.uint32(1) < 0xFFFFFF  # exponent zero, and not all of it
    return np.where(small, np.copysign(np.float32(0), x), x) if small.any() else x


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b, rounded, and what the rounding left over (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a · b, rounded, and what the rounding left over (Dekker)."""

    def halves(x: Array) -> tuple[Array, Array]:
        wide = x * 134217729.0  # 2^27 + 1
        high = wide - (wide - x)
        return high, x - high

    product = a * b
    (a1, a2), (b1, b2) = halves(a), halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _to_odd(a: Array, b: Array) -> Array:
    """a + b in float64, an inexact sum with an odd last bit: rounded once more to fewer bits, it is rounded once."""
    total, rest = _two_sum(a, b)
    bits = total.view(np.int64)
    off = (rest != 0) & (bits & 1 == 0) & np.isfinite(total) & np.isfinite(rest)
    if not off.any():
        return total
    away = (rest > 0) == (total > 0)
    return np.where(off, np.where(away, bits + 1, bits - 1), bits).view(np.float64)


def _rounded(exact: Array, rounding: str) -> Array:
    """A float64 that `_to_odd` made, as float32."""
    near = exact.astype(np.float32)
    if rounding == "rn":
        return near
    wide = near.astype(np.float64)
    if rounding == "rz":
        too_far, towards = np.abs(wide) > np.abs(exact), np.float32(0)
    elif rounding == "rm":
        too_far, towards = wide > exact, np.float32(-np.inf)
    else:
        too_far, towards = wide < exact, np.float32(np.inf)
    return np.where(too_far, np.nextafter(near, towards), near)


def _fma(a: Array, b: Array, c: Array, rounding: str) -> Array:
    """a · b + c, rounded once."""
    if a.dtype == np.float32:
        product, c = a.astype(np.float64) * b, c.astype(np.float64)  # the product is exact
        if rounding == "rn":
            total = product + c
            result = total.astype(np.float32)
            tie = (total.view(np.int64) & 0x1FFFFFFF) == 0x10000000  # only such a sum would be rounded twice
            if not (tie | (np.abs(total) < 2e-38)).any():
                return result
        return _rounded(_to_odd(product, c), rounding)
    product, low = _two_product(a, b)
    right, rest = _two_sum(c, low)
    total, left = _two_sum(product, right)
    exact = total + _to_odd(rest, left)  # Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums"
    return np.where(np.isfinite(exact) & (np.abs(product) < 1e290) & (np.abs(product) > 1e-260), exact, a * b + c)


# --- one instruction after the other ------------------------------------------------------------------


def _float(function: Callable[..., Any], ftz: bool) -> Callable[..., Any]:
    if not ftz:
        return function
    return lambda *operands: flushed(function(*map(flushed, operands)))


def _add(a: Array, b: Array, rounding: str) -> Array:
    if rounding == "rn":
        return a + b
    return _rounded(_to_odd(a.astype(np.float64), b.astype(np.float64)), rounding)


def _multiply(a: Array, b: Array, rounding: str) -> Array:
    if rounding == "rn":
        return a * b
    return _rounded(a.astype(np.float64) * b, rounding)


def _wide(x: Array) -> Array:
    """Whole numbers in twice as many bits."""
    return x.astype(f"{x.dtype.kind}{2 * x.dtype.itemsize}")


def _high(a: Array, b: Array) -> Array:
    """The upper half of a product of whole numbers."""
    if a.dtype.itemsize < 8:
        return (_wide(a) * _wide(b) >> (8 * a.dtype.itemsize)).astype(a.dtype)
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)  # 64 bits: as on paper, in digits of 32
    x, y = np.broadcast_arrays(np.asarray(a).view(np.uint64), np.asarray(b).view(np.uint64))
    middle = (x >> half) * (y & low) + ((x & low) * (y & low) >> half)
    other = (x & low) * (y >> half) + (middle & low)
    result = (x >> half) * (y >> half) + (middle >> half) + (other >> half)
    if a.dtype.kind == "i":
        result = result - np.where(a < 0, y, np.uint64(0)) - np.where(b < 0, x, np.uint64(0))
    return result.view(a.dtype)


def _quotient(a: Array, b: Array) -> Array:
    """Whole numbers divided, rounded to zero."""
    if (b == 0).any():
        raise ZeroDivisionError("a division of whole numbers by zero")
    quotient = a // b
    return quotient + ((a % b != 0) & ((a < 0) != (b < 0))).astype(a.dtype) if a.dtype.kind == "i" else quotient


def _shifted(a: Array, by: Array, left: bool) -> Array:
    """Shifts by more than there are bits leave nothing, or the sign."""
    bits = 8 * a.dtype.itemsize
    short = np.minimum(by, bits - 1).astype(a.dtype)
    if left:
        return np.where(by < bits, a << short, 0).astype(a.dtype)
    return np.where(by < bits, a >> short, a >> short >> a.dtype.type(1)).astype(a.dtype)


_COMPARISONS: dict[str, Callable[..., Any]] = {
    "eq": lambda a, b: a == b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "ne": lambda a, b: (a < b) | (a > b),  # false with a NaN
    "equ": lambda a, b: ~((a < b) | (a > b)), "neu": lambda a, b: a != b, "ltu": lambda a, b: ~(a >= b),
    "leu": lambda a, b: ~(a > b), "gtu": lambda a, b: ~(a <= b), "geu": lambda a, b: ~(a < b),
    "num": lambda a, b: (a == a) & (b == b), "nan": lambda a, b: (a != a) | (b != b),
}  # fmt: skip
_COMPARISONS |= {"lo": _COMPARISONS["lt"], "ls": _COMPARISONS["le"], "hi": _COMPARISONS["gt"], "hs": _COMPARISONS["ge"]}


def _permuted(a: Array, b: Array, chosen: Array) -> Array:
    """Four of the eight bytes of b:a; the fourth bit of a choice spreads the byte's sign."""
    both = a.astype(np.uint64) | b.astype(np.uint64) << np.uint64(32)
    result = np.zeros_like(both)
    for i in range(4):
        choice = (chosen >> np.uint32(4 * i)).astype(np.uint64) & np.uint64(15)
        byte = both >> (choice & np.uint64(7)) * np.uint64(8) & np.uint64(255)
        byte = np.where(choice > 7, (byte >> np.uint64(7)) * np.uint64(255), byte)
        result |= byte << np.uint64(8 * i)
    return result.astype(np.uint32)


def _inserted(bits: Array, into: Array, start: Array, length: Array) -> Array:
    """bfi: the lowest `length` bits, put at `start`."""
    kind, most = into.dtype.type, np.uint32(8 * into.dtype.itemsize)
    start, length = start & np.uint32(255), length & np.uint32(255)
    one = np.full(np.shape(into), 1, into.dtype)
    mask = _shifted(_shifted(one, np.minimum(length, most), True) - kind(1), start, True)
    return into & ~mask | _shifted(bits, start, True) & mask


def _copysign(sign: Array, size: Array) -> Array:
    return np.copysign(size, sign)  # PTX: the sign of the first, the value of the second


def _reciprocal64(x: Array) -> Array:
    """rcp.approx.ftz.f64 looks at the upper half of the number and gives the upper half of the result."""
    upper = np.uint64(0xFFFFFFFF00000000)
    cut = (np.ascontiguousarray(x).view(np.uint64) & upper).view(np.float64)
    return ((1.0 / cut).view(np.uint64) & upper).view(np.float64)


def _by_float64(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: function(x.astype(np.float64)).astype(np.float32)


_BITS: dict[str, Callable[..., Any]] = {
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert,
}  # fmt: skip
_WHOLE: dict[tuple[str, ...], Callable[..., Any]] = {
    ("add",): np.add, ("sub",): np.subtract, ("neg",): np.negative, ("abs",): np.abs, ("min",): np.minimum,
    ("max",): np.maximum, ("div",): _quotient, ("rem",): lambda a, b: a - _quotient(a, b) * b,
    ("mul", "lo"): np.multiply, ("mul", "hi"): _high, ("mul", "wide"): lambda a, b: _wide(a) * _wide(b),
    ("mad", "lo"): lambda a, b, c: a * b + c, ("mad", "hi"): lambda a, b, c: _high(a, b) + c,
    ("mad", "wide"): lambda a, b, c: _wide(a) * _wide(b) + c,
}  # fmt: skip
_APPROXIMATE: dict[str, Callable[..., Any]] = {
    "ex2": _by_float64(np.exp2), "lg2": _by_float64(np.log2), "rcp": _by_float64(np.reciprocal),
    "rsqrt": _by_float64(lambda x: 1 / np.sqrt(x)), "sqrt": _by_float64(np.sqrt), "sin": _by_float64(np.sin),
    "cos": _by_float64(np.cos), "tanh": _by_float64(np.tanh), "div": np.divide,
}  # fmt: skip


def computes(it: Instruction) -> Callable[..., Any]:
    """What `it` makes of its typed operands."""
    name, how, kind = it.name, it.how[:-1], it.how[-1]
    marks = set(how)
    ftz = "ftz" in marks
    marks -= {"ftz"}
    if name in ("mov", "cvta"):
        return lambda x: x
    if name in _BITS and not how and kind[0] in "bp":
        return _BITS[name] if kind != "pred" or name != "not" else np.logical_not
    if name in ("shl", "shr") and not how:
        return lambda a, by: _shifted(a, by, name == "shl")
    if name == "prmt" and not how:
        return _permuted
    if name == "bfi" and not how:
        return _inserted
    if name == "selp" and not how:
        return lambda a, b, which: np.where(which, a, b)
    if name == "setp" and how and how[0] in _COMPARISONS and marks == {how[0]}:
        return _compared(_COMPARISONS[how[0]], ftz)
    if name == "cvt":
        return _converted(it)
    if kind[0] in "usb" and (whole := _WHOLE.get((name, *how))):
        return whole
    rounding = "".join(marks & ROUNDINGS) or "rn"
    marks -= {rounding}
    if kind not in ("f32", "f64") or rounding not in ROUNDINGS or (ftz and kind == "f64" and name != "rcp"):
        raise Unknown(it.text)
    if name == "copysign" and not marks:
        return _copysign
    if name in ("add", "sub", "mul", "fma") and not marks and (rounding == "rn" or kind == "f32"):
        function: Callable[..., Any] = {
            "add": lambda a, b: _add(a, b, rounding), "sub": lambda a, b: _add(a, -b, rounding),
            "mul": lambda a, b: _multiply(a, b, rounding), "fma": lambda a, b, c: _fma(a, b, c, rounding),
        }[name]  # fmt: skip
        return _float(function, ftz)
    if marks == {"approx"} and name in _APPROXIMATE:
        return _reciprocal64 if kind == "f64" and name == "rcp" else _float(_APPROXIMATE[name], ftz)
    plain: dict[str, Callable[..., Any]] = {
        "abs": np.abs, "neg": np.negative, "min": np.fmin, "max": np.fmax, "div": np.divide, "sqrt": np.sqrt,
        "rcp": lambda x: x.dtype.type(1) / x,
    }  # fmt: skip
    if name in plain and not marks and rounding == "rn":
        return _float(plain[name], ftz)
    raise Unknown(it.text)


def _compared(compare: Callable[..., Any], ftz: bool) -> Callable[..., Any]:
    if not ftz:
        return compare
    return lambda a, b: compare(flushed(a), flushed(b))


def to_tf32(x: Array) -> Array:
    """The bits of float32 rounded to 10 bits behind the point, ties away from zero (cvt.rna)."""
    bits = np.asarray(x).view(np.uint32)
    finite = bits & np.uint32(0x7F800000) != 0x7F800000
    return np.where(finite, bits + np.uint32(0x1000) & np.uint32(0xFFFFE000), bits)


_WHOLE_ROUNDINGS = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


def _converted(it: Instruction) -> Callable[..., Any]:
    """cvt: between all types; to whole numbers it saturates, and a NaN becomes 0."""
    *how, to, given = it.how
    marks = set(how) - {"ftz", "sat"}
    if to == "tf32" and marks == {"rna"}:
        return to_tf32
    if to not in TYPES or given not in TYPES or len(marks) > 1 or not marks <= ROUNDINGS | set(_WHOLE_ROUNDINGS):
        raise Unknown(it.text)
    (mark,) = marks or {""}
    kind = TYPES[to]
    ftz, saturate = "ftz" in how, "sat" in how

    def convert(x: Array) -> Array:
        if ftz:
            x = flushed(x)
        if kind.kind == "f":
            if mark in _WHOLE_ROUNDINGS:
                x = _WHOLE_ROUNDINGS[mark](x)
            y = x.astype(kind)
            if saturate:
                y = np.fmin(np.fmax(y, kind.type(0)), kind.type(1))  # a NaN becomes 0
            return flushed(y) if ftz else y
        if x.dtype.kind == "f":
            whole = np.where(np.isnan(x), 0, _WHOLE_ROUNDINGS[mark](x.astype(np.float64)))
            limits = np.iinfo(kind)
            inside = np.clip(whole, float(limits.min), np.nextafter(float(limits.max) + 1, 0))
            return np.where(whole >= float(limits.max), limits.max, inside.astype(kind)).astype(kind)
        if saturate:
            raise Unknown(it.text)
        return x.astype(kind)

    directed = mark in ("rz", "rm", "rp") or (kind.kind == "f" and TYPES[given].kind != "f" and mark != "rn")
    needs_rounding = kind.kind != "f" and TYPES[given].kind == "f" and mark not in _WHOLE_ROUNDINGS
    if directed or needs_rounding:
        raise Unknown(it.text)
    return convert
