"""Numba-CUDA: the kernels of elementwise_loss.cuh in Python, a number a thread. Look there for the drawing.

As in activation/gpu_numba.py, every thread looks at the number of the function, and `kind` keeps float32 what it is.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from .. import launch
from ..activation.gpu_numba import larger, sigmoid, smaller, soft
from ..dispatch import Plan
from ..gpu_teams import MOST_THREADS, team_sum
from . import FUNCTIONS, Sizes, gpu_plan

MSE, SMOOTH_L1, HUBER, SOFT_MARGIN, BCE, BCE_WITH_LOGITS = range(6)
LEAST = 9.999999960041972e-13  # 1e-12 with the digits of float32, as PyTorch has it


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    functions = gpu_plan.Functions(none, reduced, finish, backward)
    return gpu_plan.plan(z, functions, z.size, np.int32(FUNCTIONS.index(z.function)))


@launch.numba_kernel
def none(a, b, losses, size, parameter, function):
    """losses = f(a, b)"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        losses[i] = value(a[i], b[i], parameter, function, losses.dtype.type)


@launch.numba_kernel
def reduced(a, b, partial, out, size, parameter, divisor, function):
    """partial = the sum of the losses of each block; of a single block, out"""
    room = cuda.shared.array(MOST_THREADS, np.float64)
    mine = 0.0
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        mine += value(a[i], b[i], parameter, function, out.dtype.type)
    total = team_sum(mine, room, cuda.blockDim.x, 1)
    if cuda.threadIdx.x == 0:
        if cuda.gridDim.x == 1:
            out[0] = total / divisor
        else:
            partial[cuda.blockIdx.x] = total


@launch.numba_kernel
def finish(partial, out, count, divisor):
    """out = the sum of the blocks' sums, divided"""
    room = cuda.shared.array(MOST_THREADS, np.float64)
    mine = 0.0
    for i in range(cuda.threadIdx.x, count, cuda.blockDim.x):
        mine += partial[i]
    total = team_sum(mine, room, cuda.blockDim.x, 1)
    if cuda.threadIdx.x == 0:
        out[0] = total / divisor


@launch.numba_kernel
def backward(grad, a, b, da, size, parameter, factor, grad_each, function):
    """da = grad · f'(a)"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        scale = grad[i] if grad_each else grad[0] * factor
        da[i] = slope(a[i], b[i], parameter, function, da.dtype.type) * scale


@launch.numba_device
def log_of(a, kind):
    """ln a, at least -100"""
    return larger(kind(math.log(a)), kind(-100)) if a != kind(0) else kind(-100)


@launch.numba_device
def value(a, b, p, function, kind):
    """f(a, b)"""
    zero, one, half = kind(0), kind(1), kind(0.5)
    d = abs(a - b)
    if function == MSE:
        y = d * d
    elif function == SMOOTH_L1:
        y = half * d * d / p if d < p else d - half * p
    elif function == HUBER:
        y = half * d * d if d <= p else p * (d - half * p)
    elif function == SOFT_MARGIN:
        y = soft(-a * b, kind)
    elif function == BCE:
        y = (b - one) * log_of(one - a, kind) - b * log_of(a, kind)
    else:
        y = larger(a, zero) - a * b + kind(math.log1p(math.exp(-abs(a))))
    return y


@launch.numba_device
def slope(a, b, p, function, kind):
    """f'(a)"""
    zero, one = kind(0), kind(1)
    d = a - b
    if function == MSE:
        da = kind(2) * d
    elif function == SMOOTH_L1:
        far = one if d > zero else (-one if d < zero else d)  # a NaN stays one
        da = d / p if abs(d) < p else far
    elif function == HUBER:
        da = smaller(larger(d, -p), p)
    elif function == SOFT_MARGIN:
        da = -b * sigmoid(-a * b, kind)
    elif function == BCE:
        da = d / larger((one - a) * a, kind(LEAST))
    else:
        da = sigmoid(a, kind) - b
    return da
