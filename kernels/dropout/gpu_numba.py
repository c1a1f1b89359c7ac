"""Numba-CUDA: the kernels of dropout.cu in Python. Look there for the drawing.

Here a thread of `apply` has one number.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import launch
from ..dispatch import Plan
from ..philox import KEY_STEPS, MULTIPLIERS, ROUNDS
from . import Sizes, gpu_plan
from .gpu_plan import WORDS

u4, u8 = np.uint32, np.uint64
M0, M1 = map(u8, MULTIPLIERS)
STEP0, STEP1 = KEY_STEPS
HALF, LOW = u8(32), u8(0xFFFFFFFF)


def plan(z: Sizes) -> Plan | None:
    """float32 and float64, but not the forward pass of the twister (see gpu_cupy.py)."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    functions = gpu_plan.Functions(forward, apply, apply_planes, draw, advance)
    made = gpu_plan.plan(z, functions, 1)
    if made is None:
        return None

    def run(outs, ins, scratch):
        made.run([out.reshape(-1) for out in outs], [array.reshape(-1) for array in ins], scratch)

    return made._replace(run=run)


@launch.numba_device
def philox(seed, block):
    """The four words of block number `block`; in 64-bit numbers, of which the low half counts."""
    c0, c1, c2, c3 = block & LOW, block >> HALF, u8(0), u8(0)
    k0, k1 = seed & LOW, seed >> HALF
    for _ in range(ROUNDS):
        first, second = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (second >> HALF) ^ c1 ^ k0, second & LOW, (first >> HALF) ^ c3 ^ k1, first & LOW
        k0, k1 = (k0 + u8(STEP0)) & LOW, (k1 + u8(STEP1)) & LOW
    return c0, c1, c2, c3


@launch.numba_kernel
def forward(x, y, keep, state, size, threshold, scale):
    """keep and y, a block of the generator a thread"""
    seed, offset = state[0], state[1]
    for block in range(cuda.grid(1), (size + WORDS - 1) // WORDS, cuda.gridsize(1)):
        drawn = philox(seed, offset + u8(block))
        for j in range(WORDS):
            i = block * WORDS + j
            if i < size:
                kept = drawn[j] < threshold
                keep[i] = kept
                y[i] = x[i] * (scale if kept else scale - scale)


@launch.numba_kernel
def apply(x, keep, y, size, scale):
    """y = x · keep · scale"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        y[i] = x[i] * (scale if keep[i] else scale - scale)


@launch.numba_kernel
def apply_planes(x, keep, y, size, pixels, scale):
    """y = x · keep[plane] · scale"""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        y[i] = x[i] * (scale if keep[i // pixels] else scale - scale)


@launch.numba_kernel
def draw(keep, state, size, threshold):
    """keep by the threads of one block, and the state moved on"""
    seed, offset = state[0], state[1]
    for block in range(cuda.threadIdx.x, (size + WORDS - 1) // WORDS, cuda.blockDim.x):
        drawn = philox(seed, offset + u8(block))
        for j in range(WORDS):
            if block * WORDS + j < size:
                keep[block * WORDS + j] = drawn[j] < threshold
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        state[1] = offset + u8((size + WORDS - 1) // WORDS)


@launch.numba_kernel
def advance(state, blocks):
    """The state moved on, by one thread"""
    if cuda.grid(1) == 0:
        state[1] += blocks
