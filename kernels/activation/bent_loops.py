"""Activations that are straight, or bent once, between two corners.

One short loop for each function and direction, over a block that stays in the first cache, and the number of the
function is looked at outside of it (loops.py says what LLVM makes vectors of). x and g are what comes in, p the
parameters a and b, numbers of the type of x.
"""

from __future__ import annotations

from numba import prange

from ..compiled import compiled, inner
from ..elementary import larger, smaller
from .loops import BLOCK

SIXTH = 0.1666666716337204  # 1/6 with the digits of float32, as PyTorch has it, of float64, too


@inner
def value(x, y, function, p):
    """y = f(x) of one block; `function` as in cpu_numba.BENT."""
    kind = x.dtype.type
    a, b = p[0], p[1]  # read here: in the loop a store to y might change them, as LLVM sees it
    zero, one, three, six = kind(0), kind(1), kind(3), kind(6)
    if function == 0:  # hardshrink
        for i in range(y.size):
            y[i] = zero if -a <= x[i] <= a else x[i]
    elif function == 1:  # hardsigmoid
        for i in range(y.size):
            y[i] = smaller(larger(x[i] + three, zero), six) / six
    elif function == 2:  # hardswish
        for i in range(y.size):
            y[i] = x[i] * smaller(larger(x[i] + three, zero), six) / six
    elif function == 3:  # hardtanh
        for i in range(y.size):
            y[i] = smaller(larger(x[i], a), b)
    elif function == 4:  # leaky_relu
        for i in range(y.size):
            y[i] = x[i] * (one if x[i] > zero else a)
    elif function == 5:  # softshrink
        for i in range(y.size):
            y[i] = x[i] - smaller(larger(x[i], -a), a)
    else:  # threshold
        for i in range(y.size):
            y[i] = b if x[i] <= a else x[i]


@inner
def slope(g, x, dx, function, p):
    """dx = g · f'(x) of one block; at a corner PyTorch's choice of the two slopes."""
    kind = x.dtype.type
    a, b = p[0], p[1]  # read here: in the loop a store to y might change them, as LLVM sees it
    zero, one, half, three, sixth = kind(0), kind(1), kind(0.5), kind(3), kind(SIXTH)
    if function == 0 or function == 5:  # hardshrink, softshrink
        for i in range(dx.size):
            dx[i] = zero if -a <= x[i] <= a else g[i]
    elif function == 1:  # hardsigmoid
        for i in range(dx.size):
            dx[i] = g[i] * sixth if -three < x[i] < three else zero
    elif function == 2:  # hardswish
        for i in range(dx.size):
            inside = g[i] * (x[i] / three + half) if x[i] < three else g[i]
            dx[i] = zero if x[i] <= -three else inside
    elif function == 3:  # hardtanh
        for i in range(dx.size):
            dx[i] = zero if x[i] <= a or x[i] >= b else g[i]
    elif function == 4:  # leaky_relu
        for i in range(dx.size):
            dx[i] = g[i] * (one if x[i] > zero else a)
    else:  # threshold
        for i in range(dx.size):
            dx[i] = zero if x[i] <= a else g[i]


@compiled(parallel=True)
def forward(x, y, function, p):
    """y = f(x)"""
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(x.size, (block + 1) * BLOCK))
        value(x[part], y[part], function, p)


@compiled(parallel=True)
def backward(g, x, dx, function, p):
    """dx = g · f'(x)"""
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(x.size, (block + 1) * BLOCK))
        slope(g[part], x[part], dx[part], function, p)
