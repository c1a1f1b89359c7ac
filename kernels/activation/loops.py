"""Activations, one number at a time; LLVM makes vectors of the loops.

It does so only where an index is known not to be negative (Numba lets -1 mean the last element), so
every loop here, and in the other kernels, runs from 0 over a slice.

float32 tanh is a rational function, odd polynomial of degree 13 over even polynomial of degree 6
(the coefficients are those of Eigen's fast tanh). It holds up to LIMIT and is 4 units of the last place
below 1 there; from ONE on, where tanh is 1 to the last bit, the result is 1. Everything else takes the C
library's functions.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..compiled import compiled, inner
from ..simd import item_bytes

f4 = np.float32
BLOCK = 8192  # numbers that one task handles
LIMIT, ONE = f4(7.90531110763549805), f4(9.02)
A1, A3, A5, A7 = f4(4.89352455891786e-03), f4(6.37261928875436e-04), f4(1.48572235717979e-05), f4(5.12229709037114e-08)
A9, A11, A13 = f4(-8.60467152213735e-11), f4(2.00018790482477e-13), f4(-2.76076847742355e-16)
B0, B2, B4, B6 = f4(4.89352518554385e-03), f4(2.26843463243900e-03), f4(1.18534705686654e-04), f4(1.19825839466702e-06)


@inner
def rational_tanh(x):
    """tanh of a float32; NaN stays NaN."""
    given = x
    x = LIMIT if x > LIMIT else x
    x = -LIMIT if x < -LIMIT else x
    s = x * x
    p = (((((A13 * s + A11) * s + A9) * s + A7) * s + A5) * s + A3) * s + A1
    q = ((B6 * s + B4) * s + B2) * s + B0
    y = x * p / q
    y = f4(1) if given > ONE else y
    return f4(-1) if given < -ONE else y


@inner
def apply_activation(y, function):
    """y = f(y) in place; 1 ReLU, 2 tanh, 3 sigmoid."""
    if function == 1:
        for i in range(y.size):
            if y[i] < 0:
                y[i] = 0
    elif function == 2:
        if item_bytes(y) == 8:
            for i in range(y.size):
                y[i] = math.tanh(y[i])
        else:
            for i in range(y.size):
                y[i] = rational_tanh(y[i])
    else:
        for i in range(y.size):  # not by way of tanh, which would lose the small values: their logarithm is a loss
            y[i] = 1 / (1 + math.exp(-y[i]))


@compiled(parallel=True)
def forward(x, y, function):
    """y = f(x)"""
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(x.size, (block + 1) * BLOCK))
        here = y[part]
        here[:] = x[part]
        apply_activation(here, function)


@compiled(parallel=True)
def backward(g, y, dx, function):
    """dx = g · f'(x), from y = f(x)"""
    for block in prange((y.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(y.size, (block + 1) * BLOCK))
        slope(g[part], y[part], dx[part], function)


@inner
def slope(g, y, dx, function):
    """dx = g · f'(x) of one block."""
    if function == 1:
        for i in range(y.size):
            dx[i] = 0 if y[i] <= 0 else g[i]  # a NaN passes its gradient on, as in PyTorch
    elif function == 2:
        for i in range(y.size):
            dx[i] = g[i] * (1 - y[i] * y[i])
    else:
        for i in range(y.size):
            dx[i] = g[i] * y[i] * (1 - y[i])
