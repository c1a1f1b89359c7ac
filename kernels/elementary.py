"""exp, log, sigmoid, tanh, log1p and erf as plain arithmetic, so that LLVM makes vectors of the loops that call them.

A call of the C library keeps a loop from becoming vector code. These have no call, no branch and no table: a
vector of any width runs through them as one number does. Each is for float32 and float64; NaN, infinities, the sign
of 0 and subnormal numbers come out as they should.

The largest error found, in units of the last place: of every fifth float32 between 2^-20 and 105 and its negative
(below, exp and sigmoid are straight lines and tanh x is x), and of four million random float64.

             float32      float64
    exp        1.1          1.1
    sigmoid    2.4          2.2
    tanh       2.2          2.4

All begin with x = k·ln 2 + r, |r| ≤ ln 2 / 2. Adding 1.5·2^23 to a float32 (1.5·2^52 to a float64) rounds it to
a whole number that then stands in its low bits, so k becomes an exponent by a shift of bits (Cody & Waite 1980,
"Software Manual for the Elementary Functions"). The polynomials are minimax fits, made for this file.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

f4, i4, i8 = np.float32, np.int32, np.int64
OPTIONS = {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}  # as compiled.inner

ROUND4, ROUND8 = f4(1.5 * 2**23), 1.5 * 2**52
ONE4, ONE8 = i4(0x3F800000), i8(0x3FF0000000000000)  # the bits of 1.0 and of 0.5, and the bit of the sign
HALF4, HALF8 = i4(0x3F000000), i8(0x3FE0000000000000)
SIGN4, SIGN8 = i4(-(2**31)), i8(-(2**63))

LOG2_E4, HIGH4, LOW4 = f4(1.4426950408889634), f4(0.693145751953125), f4(1.4286068203094287e-06)
LOG2_E8, HIGH8, LOW8 = 1.4426950408889634, 0.6931471804855391, 7.440617111158232e-11  # k·HIGH is exact


@intrinsic
def bits(typing_context, x):
    """The bits of a floating number, as a whole number."""
    kind = types.int32 if x == types.float32 else types.int64

    def build(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(x), build


@intrinsic
def from_bits(typing_context, n):
    """The floating number with these bits."""
    kind = types.float32 if n == types.int32 else types.float64

    def build(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(n), build


def _of_two(name):
    def build(context, builder, signature, args):
        kind = args[0].type
        function = builder.module.declare_intrinsic(name, [kind], ir.FunctionType(kind, [kind, kind]))
        return builder.call(function, args, fastmath=("nsz",))

    return build


@intrinsic
def larger(typing_context, x, y):
    """The larger of two numbers, NaN if one is NaN.

    Of a choice in Python between a number of an array and another, LLVM may make a store under a mask, which takes
    some processors (Zen) ten times as long.
    """
    return x(x, x), _of_two("llvm.maximum")


@intrinsic
def smaller(typing_context, x, y):
    """The smaller of two numbers, NaN if one is NaN."""
    return x(x, x), _of_two("llvm.minimum")


def exp(x):
    """e^x = 2^k·e^r, in compiled loops."""


def sigmoid(x):
    """1 / (1 + e^-x), in compiled loops."""


def tanh(x):
    """The hyperbolic tangent, in compiled loops.

    With |x| = k·(ln 2)/2 + r and b = r·coth r, a polynomial in r², e^(2|x|) is 2^k·(b + r)/(b - r), and so
    tanh |x| = (e^(2|x|) - 1)/(e^(2|x|) + 1) = n/(n + d) with d = b - r and n = (2^k - 1)·d/2 + 2^k·r.
    """


def log(x):
    """The natural logarithm of a number not below 0, in compiled loops.

    x = 2^k·m with √½ ≤ m < √2, and ln m = 2·artanh s with s = (m - 1)/(m + 1), as in log1p.
    """


def log1p(x):
    """ln(1 + x) for 0 ≤ x ≤ 1, in compiled loops: 2·artanh s = 2·(s + s³/3 + s⁵/5 + …) with s = x/(2 + x) ≤ 1/3."""


def erf(x):
    """2/√π ∫ e^(-t²) dt from 0 to x, in compiled loops; of float32 a quotient of polynomials in x² times x."""


@overload(exp, jit_options=OPTIONS)
def _exp(x):
    # 2^k in two factors: it may be smaller than every normal number, or larger than all
    if x == types.float32:

        def of_float32(x):
            x = f4(89) if x > f4(89) else x
            x = f4(-105) if x < f4(-105) else x
            shifted = x * LOG2_E4 + ROUND4
            k = shifted - ROUND4
            r = (x - k * HIGH4) - k * LOW4
            p = f4(0.008368725398907586) + f4(0.0013814580752932615) * r
            p = f4(0.04166838887557897) + p * r
            p = f4(0.16666520561466983) + p * r
            p = f4(0.4999999344305185) + p * r
            y = p * (r * r) + r + f4(1)
            half = k * f4(0.5) + ROUND4
            first, second = bits(half), bits(shifted) - bits(half)
            return y * from_bits(i4((first << i4(23)) + ONE4)) * from_bits(i4((second << i4(23)) + ONE4))

        return of_float32

    def of_float64(x):
        x = 710.0 if x > 710.0 else x
        x = -746.0 if x < -746.0 else x
        shifted = x * LOG2_E8 + ROUND8
        k = shifted - ROUND8
        r = (x - k * HIGH8) - k * LOW8
        p = 2.763027938519213e-07 + 2.500026088629469e-08 * r
        p = 2.7557585760405572e-06 + p * r
        p = 2.4801493010538706e-05 + p * r
        p = 0.00019841269507261318 + p * r
        p = 0.0013888888943717136 + p * r
        p = 0.008333333333494116 + p * r
        p = 0.04166666666652982 + p * r
        p = 0.16666666666666413 + p * r
        p = 0.5000000000000011 + p * r
        y = p * (r * r) + r + 1.0
        half = k * 0.5 + ROUND8
        first, second = bits(half), bits(shifted) - bits(half)
        return y * from_bits((first << i8(52)) + ONE8) * from_bits((second << i8(52)) + ONE8)

    return of_float64


@overload(sigmoid, jit_options=OPTIONS)
def _sigmoid(x):
    kind = f4 if x == types.float32 else np.float64

    def of_float(x):
        e = exp(-abs(x))  # at most 1: a small result keeps its digits, and losses take logarithms of small results
        return (kind(1) if x >= 0 else e) / (kind(1) + e)

    return of_float


@overload(tanh, jit_options=OPTIONS)
def _tanh(x):
    if x == types.float32:

        def of_float32(x):
            a = abs(x)
            a = f4(10) if a > f4(10) else a  # where tanh is 1 to the last bit
            shifted = a * f4(2.8853900817779268) + ROUND4
            r = a - (shifted - ROUND4) * f4(0.34657359027997264)
            s = r * r
            d = (f4(-0.02213375568022005) * s + f4(0.3333325102069476)) * s + f4(1) - r
            half = from_bits(i4((bits(shifted) << i4(23)) + HALF4))  # 2^k / 2
            n = (half - f4(0.5)) * d + half * (r + r)
            return from_bits(i4(bits(n / (n + d)) | (bits(x) & SIGN4)))

        return of_float32

    def of_float64(x):
        a = abs(x)
        a = 20.0 if a > 20.0 else a
        shifted = a * 2.8853900817779268 + ROUND8
        r = a - (shifted - ROUND8) * 0.34657359027997264
        s = r * r
        b = 2.1186597053536443e-05 * s - 0.00021163390483502255
        b = b * s + 0.002116402021891273
        b = b * s - 0.022222222221604
        b = b * s + 0.33333333333333204
        d = b * s + 1.0 - r
        half = from_bits((bits(shifted) << i8(52)) + HALF8)
        n = (half - 0.5) * d + half * (r + r)
        return from_bits(bits(n / (n + d)) | (bits(x) & SIGN8))

    return of_float64


@overload(log1p, jit_options=OPTIONS)
def _log1p(x):
    kind, terms = (f4, 7) if x == types.float32 else (np.float64, 17)  # 9^-terms is less than half a last place

    def of_float(x):
        s = x / (kind(2) + x)
        square = s * s
        y = kind(1 / (2 * terms - 1))
        for k in range(terms - 2, -1, -1):
            y = y * square + kind(1) / kind(2 * k + 1)
        return kind(2) * s * y

    return of_float


@overload(log, jit_options=OPTIONS)
def _log(x):
    if x == types.float32:
        kind, whole, terms, digits, bias = f4, i4, 5, i4(23), i4(0x3F3504F3)  # the bits of √½
        least, far, shift = f4(2.0**-126), f4(2.0**25), f4(25)
        high, low = HIGH4, LOW4
    else:
        kind, whole, terms, digits, bias = np.float64, i8, 11, i8(52), i8(0x3FE6A09E667F3BCD)
        least, far, shift = 2.0**-1022, 2.0**54, 54.0
        high, low = HIGH8, LOW8

    def of_float(x):
        small = x < least  # without all its digits: make it larger first
        y = x * far if small else x
        k = whole(bits(y) - bias) >> digits
        m = from_bits(whole(bits(y) - whole(k << digits)))
        s = (m - kind(1)) / (m + kind(1))
        square = s * s
        p = kind(1) / kind(2 * terms - 1)
        for i in range(terms - 2, 0, -1):
            p = p * square + kind(1) / kind(2 * i + 1)
        power = kind(k) - (shift if small else kind(0))
        result = power * high + (kind(2) * s + (power * low + kind(2) * s * square * p))
        result = result if x < kind(np.inf) else x  # infinity, NaN
        return result if x > kind(0) else (kind(-np.inf) if x == kind(0) else kind(np.nan))

    return of_float


@overload(erf, jit_options=OPTIONS)
def _erf(x):
    if x == types.float32:

        def of_float32(x):
            a = f4(3.93) if x > f4(3.93) else x  # where erf becomes 1 to the last bit
            a = f4(-3.93) if a < f4(-3.93) else a
            s = a * a
            n = f4(2.041988058815847e-06) * s + f4(2.8480546807616106e-04)
            n = n * s + f4(3.7794868707712505e-03)
            n = n * s + f4(5.278991165498525e-02)
            n = n * s + f4(1.9078103445132585e-01)
            n = n * s + f4(1.1283791454465197)
            d = f4(3.800408813530847e-05) * s + f4(1.1651822294889782e-03)
            d = d * s + f4(1.4997194329790207e-02)
            d = d * s + f4(1.1425636174952705e-01)
            d = d * s + f4(5.024082100781356e-01)
            d = d * s + f4(1)
            y = a * n / d
            y = f4(1) if x >= f4(3.93) else y
            return f4(-1) if x <= f4(-3.93) else y

        return of_float32

    def of_float64(x):
        return math.erf(x)

    return of_float64
