"""Activations made of exponentials.

One short loop for each function and direction, over a block that stays in the first cache, and the number of the
function is looked at outside of it (loops.py says what LLVM makes vectors of). x and g are what comes in, p the
parameters a, b, c, numbers of the type of x.
"""

from __future__ import annotations

from numba import prange

from ..compiled import compiled, inner
from ..elementary import erf, exp, larger, log1p, sigmoid, smaller, tanh
from .loops import BLOCK

SQRT_HALF = 0.7071067811865476  # √(1/2)
DENSITY = 0.3989422804014327  # 1/√(2π), of the normal distribution at 0
ERF_SLOPE = 1.1283791670955126  # 2/√π
TANH_SCALE, CUBIC = 0.7978845608028654, 0.044715  # √(2/π), and the fitted weight of x³ (Hendrycks & Gimpel 2016)


@inner
def value(x, y, function, p):
    """y = f(x) of one block; `function` as in cpu_numba.SMOOTH."""
    kind = x.dtype.type
    a, b, c = p[0], p[1], p[2]  # read here: in the loop a store to y might change them, as LLVM sees it
    zero, one, half = kind(0), kind(1), kind(0.5)
    root, scale, cubic = kind(SQRT_HALF), kind(TANH_SCALE), kind(CUBIC)
    if function == 0:  # elu
        for i in range(y.size):
            z = smaller(x[i], zero) * c
            below = tanh(half * z) * (exp(z) + one)  # e^z - 1 without the loss of digits near 0
            y[i] = b * (a * below if x[i] <= zero else x[i])
    elif function == 1:
        for i in range(y.size):
            y[i] = erf(x[i])
    elif function == 2:
        for i in range(y.size):
            y[i] = one - erf(x[i])
    elif function == 3:  # gelu
        for i in range(y.size):
            y[i] = x[i] * half * (one + erf(x[i] * root))
    elif function == 4:  # gelu_tanh
        for i in range(y.size):
            u = scale * (x[i] + cubic * x[i] * x[i] * x[i])
            y[i] = x[i] * half * (one + tanh(u))
    elif function == 5:  # logsigmoid
        for i in range(y.size):
            y[i] = smaller(x[i], zero) - log1p(exp(-abs(x[i])))
    elif function == 6:  # mish
        for i in range(y.size):
            y[i] = x[i] * tanh(larger(x[i], zero) + log1p(exp(-abs(x[i]))))
    elif function == 7:  # silu
        for i in range(y.size):
            y[i] = x[i] * sigmoid(x[i])
    else:  # softplus
        for i in range(y.size):
            z = x[i] * a
            soft = (larger(z, zero) + log1p(exp(-abs(z)))) / a
            y[i] = x[i] if z > b else soft


@inner
def slope(g, x, dx, function, p):
    """dx = g · f'(x) of one block."""
    kind = x.dtype.type
    a, b, c = p[0], p[1], p[2]  # read here: in the loop a store to y might change them, as LLVM sees it
    zero, one, half, three = kind(0), kind(1), kind(0.5), kind(3)
    root, scale, cubic = kind(SQRT_HALF), kind(TANH_SCALE), kind(CUBIC)
    density, erf_slope = kind(DENSITY), kind(ERF_SLOPE)
    if function == 0:  # elu
        for i in range(dx.size):
            below = exp(smaller(x[i], zero) * c) * a * c
            dx[i] = g[i] * b * (below if x[i] <= zero else one)
    elif function == 1 or function == 2:  # erf, erfc
        erf_slope = -erf_slope if function == 2 else erf_slope
        for i in range(dx.size):
            dx[i] = g[i] * (erf_slope * exp(-x[i] * x[i]))
    elif function == 3:  # gelu
        for i in range(dx.size):
            below = half * (one + erf(x[i] * root))
            dx[i] = g[i] * (below + x[i] * density * exp(-half * x[i] * x[i]))
    elif function == 4:  # gelu_tanh
        for i in range(dx.size):
            square = x[i] * x[i]
            t = tanh(scale * (x[i] + cubic * square * x[i]))
            du = scale * (one + three * cubic * square)
            dx[i] = g[i] * half * (one + t + x[i] * (one - t * t) * du)
    elif function == 5:  # logsigmoid
        for i in range(dx.size):
            dx[i] = g[i] * sigmoid(-x[i])
    elif function == 6:  # mish
        for i in range(dx.size):
            t = tanh(larger(x[i], zero) + log1p(exp(-abs(x[i]))))
            dx[i] = g[i] * (t + x[i] * (one - t * t) * sigmoid(x[i]))
    elif function == 7:  # silu
        for i in range(dx.size):
            s = sigmoid(x[i])
            dx[i] = g[i] * s * (one + x[i] * (one - s))
    else:  # softplus
        for i in range(dx.size):
            z = x[i] * a
            dx[i] = g[i] if z > b else g[i] * sigmoid(z)


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
