"""Arithmetic with PyTorch's roundings, which NumPy lacks: fused multiply-add, functions as Cephes and C have them.

minicnn/stream.py says where PyTorch needs which.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Operand = NDArray[Any] | np.floating[Any]

_f32 = np.float32


def round_from64(values: Array, dtype: np.dtype[Any]) -> Array:
    """float64 to `dtype`; float16 by way of float32, as C++ does, which can round twice."""
    return values.astype(_f32).astype(dtype) if dtype == np.float16 else values.astype(dtype, copy=False)


# ---- fused multiply-add: the exact a*b + c, rounded once


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded sum and its rounding error: a + b exactly (Knuth, TAOCP 2, 4.2.2)."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def _sum_to_odd(a: Array, b: Array) -> Array:
    """a + b rounded to odd: of the two neighbours of an inexact sum, the one whose last bit is 1.

    Rounding such a sum again, to fewer bits, gives what rounding the exact sum would have given: the odd bit
    remembers that something was cut off, so no false tie can arise (Boldo & Melquiond, 2008).
    """
    total, error = _two_sum(a, b)
    bits = total.view(np.int64)
    step = np.where((total > 0) == (error > 0), 1, -1)  # away from zero, or towards it
    return np.where((error != 0) & (bits & 1 == 0), bits + step, bits).view(np.float64)


def fma32(a: Array, b: Operand, c: Operand) -> Array:
    """a·b + c in float32. In float64 the product is exact, and a sum rounded to float64 first gives the same float32,
    unless that made it a tie between two float32 numbers: the exact sum decides those."""
    product, addend = np.multiply(a, b, dtype=np.float64), np.asarray(c, np.float64)
    total = product + addend
    ties = (total.view(np.int64) & (2**29 - 1)) == 2**28
    if ties.any():
        total = np.where(ties, _sum_to_odd(product, addend), total)
    return total.astype(_f32)


def fma64(a: Array, b: Operand, c: Operand) -> Array:
    """a·b + c in float64, by Boldo & Melquiond's algorithm: product and sums with their errors, no false tie."""
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    product = a * b
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)  # Dekker, 1971
    middle, low = _two_sum(np.asarray(c), error)
    high, rest = _two_sum(product, middle)
    return high + _sum_to_odd(low, rest)


def _halves(x: Operand) -> tuple[Array, Array]:
    """x as the sum of two numbers of at most 26 bits each, whose products are exact in float64."""
    bits = np.asarray(x).view(np.int64)  # rounds the bit pattern, which cannot overflow
    high = ((bits + 2**26) & -(2**27)).view(np.float64)
    return high, x - high


# ---- functions of the Cephes library and of C's


def log_cephes(x: Array) -> Array:
    """log of positive float32: x = 2**e * m with m in [sqrt(1/2), sqrt(2)), then a polynomial in m - 1."""
    bits = np.maximum(x, np.finfo(_f32).tiny).view(np.int32)
    exponent = ((bits >> 23) - 126).astype(_f32)
    m = ((bits & 0x007FFFFF) | 0x3F000000).view(_f32)  # in [1/2, 1)
    small = m < _f32(0.707106781186547524)
    x = (m - _f32(1)) + np.where(small, m, _f32(0))
    exponent = exponent - small.astype(_f32)
    square = x * x
    y = _horner(x, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)  # fmt: skip
    y = fma32(y * x, square, exponent * _f32(-2.12194440e-4))  # log(2) in two parts: this and 0.693359375
    y = fma32(-square, _f32(0.5), y)
    return fma32(exponent, _f32(0.693359375), x + y)


def sincos_cephes(x: Array) -> tuple[Array, Array]:
    """sin and cos of float32 in [0, 2 pi]: x less the nearest even multiple j of pi/4, then polynomials."""
    j = ((x * _f32(4 / math.pi)).astype(np.int32) + 1) & ~1
    multiple = j.astype(_f32)
    for part in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8):  # -pi/4 in three parts
        x = fma32(multiple, _f32(part), x)
    square = x * x
    cosine = _horner(square, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * square
    cosine = fma32(cosine, square, -(square * _f32(0.5))) + _f32(1)
    sine = _horner(square, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * square
    sine = fma32(sine, x, x)
    swapped = (j & 2) != 0  # the quadrant decides which polynomial serves, and the signs
    signed_sine = np.where(swapped, cosine, sine) * np.where(j & 4, _f32(-1), _f32(1))
    signed_cosine = np.where(swapped, sine, cosine) * np.where((j + 2) & 4, _f32(-1), _f32(1))
    return signed_sine, signed_cosine


def _horner(x: Array, *coefficients: float) -> Array:
    """The polynomial with these coefficients, highest first, one fused multiply-add a step."""
    y = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        y = fma32(y, x, _f32(coefficient))
    return y


def libm(function: Callable[[float], float], x: Array) -> Array:
    """`function`, of `math`, of every element: the C library's result to the last digit."""
    return np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)
