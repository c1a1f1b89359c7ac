"""Numba-CUDA: the functions of activation.cuh and curves.cuh in Python, a number a thread.

Here the number of the function is looked at by every thread, which costs little beside the memory that it waits for,
so that Numba compiles two kernels and not forty. A 0 or 1 in the code is a 64-bit number to Numba, and float32 beside
it becomes float64: hence `kind`. What CUDA's functions make NaN or infinite is an error in Python's, and in Numba's
simulator: so nothing overflows.
"""

from __future__ import annotations

import math

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import FROM_INPUT, FROM_OUTPUT, Sizes, gpu_plan

FUNCTIONS = (*FROM_OUTPUT, *FROM_INPUT)
RELU, TANH, SIGMOID, ELU, ERF, ERFC, GELU, GELU_TANH, HARDSHRINK, HARDSIGMOID = range(10)
HARDSWISH, HARDTANH, LEAKY_RELU, LOGSIGMOID, MISH, SILU, SOFTPLUS, SOFTSHRINK, THRESHOLD = range(10, 19)
SQRT_HALF = 0.7071067811865476  # √(1/2)
DENSITY = 0.3989422804014327  # 1/√(2π), of the normal distribution at 0
ERF_SLOPE = 1.1283791670955126  # 2/√π
TANH_SCALE, CUBIC = 0.7978845608028654, 0.044715  # √(2/π), and the fitted weight of x³
SIXTH = 0.1666666716337204  # 1/6 with the digits of float32, as PyTorch has it, of float64, too


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    kernel = forward if z.direction == "forward" else backward
    return gpu_plan.plan(z, kernel, z.size, FUNCTIONS.index(z.function))


@launch.numba_kernel
def forward(x, y, size, a, b, c, function):
    """y = f(x)"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        y[i] = value(x[i], a, b, c, function, y.dtype.type)


@launch.numba_kernel
def backward(g, x, dx, size, a, b, c, function):
    """dx = g · f'(x)"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        dx[i] = slope(g[i], x[i], a, b, c, function, dx.dtype.type)


@launch.numba_device
def larger(x, y):
    """NaN if one of the two is."""
    return x if x > y or x != x else y


@launch.numba_device
def smaller(x, y):
    """NaN if one of the two is."""
    return x if x < y or x != x else y


@launch.numba_device
def sigmoid(x, kind):
    """1 / (1 + e^-x)"""
    e = kind(math.exp(-abs(x)))
    return (kind(1) if x >= kind(0) else e) / (kind(1) + e)


@launch.numba_device
def soft(x, kind):
    """ln(1 + e^x)"""
    return larger(x, kind(0)) + kind(math.log1p(math.exp(-abs(x))))


@launch.numba_device
def normal(x, kind):
    """Φ(x)"""
    return kind(0.5) * (kind(1) + kind(math.erf(x * kind(SQRT_HALF))))


@launch.numba_device
def value(x, a, b, c, function, kind):
    """f(x)"""
    zero, one, half, three, six = kind(0), kind(1), kind(0.5), kind(3), kind(6)
    if function == RELU:
        y = zero if x <= zero else x
    elif function == TANH:
        y = kind(math.tanh(x))
    elif function == SIGMOID:
        y = sigmoid(x, kind)
    elif function == ELU:
        below = kind(math.expm1(smaller(x, zero) * c))
        y = b * (a * below if x <= zero else x)
    elif function == ERF:
        y = kind(math.erf(x))
    elif function == ERFC:
        y = one - kind(math.erf(x))
    elif function == GELU:
        y = x * normal(x, kind)
    elif function == GELU_TANH:
        y = x * half * (one + kind(math.tanh(kind(TANH_SCALE) * (x + kind(CUBIC) * x * x * x))))
    elif function == HARDSHRINK:
        y = zero if -a <= x <= a else x
    elif function == HARDSIGMOID:
        y = smaller(larger(x + three, zero), six) / six
    elif function == HARDSWISH:
        y = x * smaller(larger(x + three, zero), six) / six
    elif function == HARDTANH:
        y = smaller(larger(x, a), b)
    elif function == LEAKY_RELU:
        y = x * (one if x > zero else a)
    elif function == LOGSIGMOID:
        y = -soft(-x, kind)
    elif function == MISH:
        y = x * kind(math.tanh(soft(x, kind)))
    elif function == SILU:
        y = x * sigmoid(x, kind)
    elif function == SOFTPLUS:
        y = x if x * a > b else soft(x * a, kind) / a
    elif function == SOFTSHRINK:
        y = x - smaller(larger(x, -a), a)
    else:
        y = b if x <= a else x
    return y


@launch.numba_device
def slope(g, x, a, b, c, function, kind):
    """g · f'(x); of RELU, TANH and SIGMOID from y = f(x)"""
    zero, one, half, three = kind(0), kind(1), kind(0.5), kind(3)
    if function == RELU:
        dx = zero if x <= zero else g
    elif function == TANH:
        dx = g * (one - x * x)
    elif function == SIGMOID:
        dx = g * x * (one - x)
    elif function == ELU:
        below = kind(math.exp(smaller(x, zero) * c)) * a * c
        dx = g * b * (below if x <= zero else one)
    elif function == ERF:
        dx = g * (kind(ERF_SLOPE) * kind(math.exp(-x * x)))
    elif function == ERFC:
        dx = g * (kind(-ERF_SLOPE) * kind(math.exp(-x * x)))
    elif function == GELU:
        dx = g * (normal(x, kind) + x * kind(DENSITY) * kind(math.exp(-half * x * x)))
    elif function == GELU_TANH:
        square = x * x
        t = kind(math.tanh(kind(TANH_SCALE) * (x + kind(CUBIC) * square * x)))
        du = kind(TANH_SCALE) * (one + three * kind(CUBIC) * square)
        dx = g * half * (one + t + x * (one - t * t) * du)
    elif function in (HARDSHRINK, SOFTSHRINK):
        dx = zero if -a <= x <= a else g
    elif function == HARDSIGMOID:
        dx = g * kind(SIXTH) if -three < x < three else zero
    elif function == HARDSWISH:
        inside = g * (x / three + half) if x < three else g
        dx = zero if x <= -three else inside
    elif function == HARDTANH:
        dx = zero if x <= a or x >= b else g
    elif function == LEAKY_RELU:
        dx = g * (one if x > zero else a)
    elif function == LOGSIGMOID:
        dx = g * sigmoid(-x, kind)
    elif function == MISH:
        t = kind(math.tanh(soft(x, kind)))
        dx = g * (t + x * (one - t * t) * sigmoid(x, kind))
    elif function == SILU:
        s = sigmoid(x, kind)
        dx = g * s * (one + x * (one - s))
    elif function == SOFTPLUS:
        dx = g if x * a > b else g * sigmoid(x * a, kind)
    else:
        dx = zero if x <= a else g
    return dx
