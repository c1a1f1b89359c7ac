"""Losses of pairs, one number at a time; LLVM makes vectors of the loops (activation/loops.py says when)."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled, inner
from ..elementary import exp, larger, log, log1p, sigmoid, smaller
from ..slices import fill

BLOCK = 2048  # numbers that one task handles at a time: they stay in the first cache
LEAST = 9.999999960041972e-13  # 1e-12 with the digits of float32, as PyTorch has it
LANES = 16  # running sums beside each other


@inner
def value(a, b, y, function, p):
    """y = f(a, b) of one block; `function` as in FUNCTIONS."""
    kind = y.dtype.type
    zero, one, half, least = kind(0), kind(1), kind(0.5), kind(-100)
    if function == 0:  # mse
        for i in range(y.size):
            d = a[i] - b[i]
            y[i] = d * d
    elif function == 1:  # smooth_l1
        for i in range(y.size):
            d = abs(a[i] - b[i])
            y[i] = half * d * d / p if d < p else d - half * p
    elif function == 2:  # huber
        for i in range(y.size):
            d = abs(a[i] - b[i])
            y[i] = half * d * d if d <= p else p * (d - half * p)
    elif function == 3:  # soft_margin
        for i in range(y.size):
            z = a[i] * b[i]
            y[i] = larger(-z, zero) + log1p(exp(-abs(z)))
    elif function == 4:  # bce
        for i in range(y.size):
            yes, no = larger(log(a[i]), least), larger(log(one - a[i]), least)
            y[i] = (b[i] - one) * no - b[i] * yes
    else:  # bce_with_logits
        for i in range(y.size):
            y[i] = larger(a[i], zero) - a[i] * b[i] + log1p(exp(-abs(a[i])))


@inner
def slope(a, b, da, function, p):
    """da = f'(a) of one block."""
    kind = da.dtype.type
    zero, one, two, least = kind(0), kind(1), kind(2), kind(LEAST)
    if function == 0:
        for i in range(da.size):
            da[i] = two * (a[i] - b[i])
    elif function == 1:
        for i in range(da.size):
            d = a[i] - b[i]
            far = one if d > zero else (-one if d < zero else d)  # a NaN stays one
            da[i] = d / p if abs(d) < p else far
    elif function == 2:
        for i in range(da.size):
            da[i] = smaller(larger(a[i] - b[i], -p), p)
    elif function == 3:
        for i in range(da.size):
            da[i] = -b[i] * sigmoid(-a[i] * b[i])
    elif function == 4:
        for i in range(da.size):
            da[i] = (a[i] - b[i]) / larger((one - a[i]) * a[i], least)
    else:
        for i in range(da.size):
            da[i] = sigmoid(a[i]) - b[i]


@inner
def total(y, lanes):
    """The sum of a block: running sums in `lanes`, then those one after the other; the size alone says the order."""
    fill(lanes, 0)
    whole = y.size // LANES * LANES
    for i in range(0, whole, LANES):
        part = y[i : i + LANES]
        for j in range(LANES):
            lanes[j] += part[j]
    added = 0.0
    for j in range(LANES):
        added += lanes[j]
    for i in range(whole, y.size):
        added += y[i]
    return added


@compiled(parallel=True)
def forward(a, b, losses, sums, out, function, reduction, parameters):
    """losses = f(a, b), and out their sum or mean; `sums` has LANES float64 for each block."""
    blocks = sums.size // LANES
    for block in prange(blocks):
        part = slice(block * BLOCK, min(a.size, (block + 1) * BLOCK))
        value(a[part], b[part], losses[part], function, parameters[0])
        if reduction:
            lanes = sums[block * LANES : (block + 1) * LANES]
            lanes[0] = total(losses[part], lanes)
    if reduction:
        added = 0.0
        for block in range(blocks):
            added += sums[block * LANES]
        out[0] = added / a.size if reduction == 2 else added


@compiled(parallel=True)
def backward(grad, a, b, da, function, parameters):
    """da = grad · f'(a) · parameters[1]"""
    factor = parameters[1]
    for block in prange((a.size + BLOCK - 1) // BLOCK):
        part = slice(block * BLOCK, min(a.size, (block + 1) * BLOCK))
        here = da[part]
        slope(a[part], b[part], here, function, parameters[0])
        if grad.size == 1:
            scale = grad[0] * factor
            for i in range(here.size):
                here[i] *= scale
        else:
            given = grad[part]
            for i in range(here.size):
                here[i] *= given[i]
