"""Activations, one number at a time; LLVM makes vectors of the loops.

It does so only where an index is known not to be negative (Numba lets -1 mean the last element), so every loop
here, and in the other kernels, runs from 0 over a slice; and where a choice is between two values, not between
storing and not storing. A 0 or 1 in the code is a 64-bit number to Numba, and float32 beside it becomes float64:
hence `zero` and `one`.
"""

from __future__ import annotations

from numba import prange

from ..compiled import compiled, inner
from ..elementary import larger, sigmoid, tanh
from ..slices import copy

BLOCK = 2048  # numbers that one task handles at a time: they stay in the first cache


@inner
def apply_activation(y, function):
    """y = f(y) in place; 1 ReLU, 2 tanh, 3 sigmoid."""
    if function == 1:
        zero = y.dtype.type(0)
        for i in range(y.size):
            y[i] = larger(y[i], zero)
    elif function == 2:
        for i in range(y.size):
            y[i] = tanh(y[i])
    else:
        for i in range(y.size):
            y[i] = sigmoid(y[i])


@compiled(parallel=True)
def forward(x, y, function):
    """y = f(x)"""
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(x.size, (block + 1) * BLOCK))
        copy(x[part], y[part])
        apply_activation(y[part], function)


@compiled(parallel=True)
def backward(g, y, dx, function):
    """dx = g · f'(x), from y = f(x)"""
    for block in prange((y.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(y.size, (block + 1) * BLOCK))
        slope(g[part], y[part], dx[part], function)


@inner
def slope(g, y, dx, function):
    """dx = g · f'(x) of one block."""
    kind = y.dtype.type
    zero, one = kind(0), kind(1)
    if function == 1:
        for i in range(y.size):
            dx[i] = zero if y[i] <= zero else g[i]  # a NaN passes its gradient on, as in PyTorch
    elif function == 2:
        for i in range(y.size):
            dx[i] = g[i] * (one - y[i] * y[i])
    else:
        for i in range(y.size):
            dx[i] = g[i] * y[i] * (one - y[i])
