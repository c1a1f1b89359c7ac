"""The optimiser step as one loop: every number is read once and written once.

    for each element i:  load grad, param, state  →  the whole formula in registers  →  store param, state

NumPy passes over memory once an operation, ten times for Adam. The options are values that stay the
same throughout the loop, so the compiler takes them out of it and the rest becomes vector code.
Elements do not depend on each other: the split among threads changes no result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import prange

from ..compiled import compiled, inner
from ..dispatch import Plan
from . import Sizes

BLOCK = 1 << 14  # elements that a thread takes at a time
PARALLEL = 8 * BLOCK  # below this a parallel region costs more than it saves


def plan(sizes: Sizes) -> Plan | None:
    """A plan for float32 and float64; other types are the reference's."""
    kind = np.dtype(sizes.dtype)
    if kind not in (np.float32, np.float64):
        return None
    parallel = sizes.size >= PARALLEL
    make = {"sgd": _plan_sgd, "adam": _plan_adam}[sizes.rule]
    run = make(sizes, kind.type, parallel)
    return Plan("blocks" if parallel else "loop", ("plain", "plain"), sizes.outputs(), 0, run)


def _plan_sgd(sizes: Sizes, kind: Any, parallel: bool) -> Any:
    sign = kind(-1 if "maximize" in sizes.options else 1)
    nesterov, has_momentum = "nesterov" in sizes.options, "momentum" in sizes.options
    function = sgd_blocks if parallel else sgd_loop

    def run(outs: Sequence[np.ndarray], ins: Sequence[np.ndarray], scratch: Any) -> None:
        # without momentum the parameter stands in for the buffer that is not there and is not touched
        function(ins[0], ins[1], sign, nesterov, has_momentum, outs[0], outs[-1])

    return run


def _plan_adam(sizes: Sizes, kind: Any, parallel: bool) -> Any:
    sign = kind(-1 if "maximize" in sizes.options else 1)
    decoupled, amsgrad = "decoupled" in sizes.options, "amsgrad" in sizes.options
    function = adam_blocks if parallel else adam_loop

    def run(outs: Sequence[np.ndarray], ins: Sequence[np.ndarray], scratch: Any) -> None:
        # without amsgrad exp_avg_sq stands in for the largest one and is not written twice
        function(ins[0], ins[1], sign, decoupled, amsgrad, outs[0], outs[1], outs[2], outs[-1])

    return run


@inner
def _sgd(grad, hyper, sign, nesterov, has_momentum, param, buffer, start, stop):
    kind = param.dtype.type
    lr, momentum, rate, decay = kind(hyper[0]), kind(hyper[1]), kind(1 - hyper[2]), kind(hyper[3])
    for i in range(start, stop):
        p = param[i]
        g = sign * grad[i]
        if decay != 0:
            g = g + decay * p
        if has_momentum:
            b = momentum * buffer[i] + rate * g
            buffer[i] = b
            g = g + momentum * b if nesterov else b
        param[i] = p - lr * g


@compiled()
def sgd_loop(grad, hyper, sign, nesterov, has_momentum, param, buffer):
    """One thread."""
    _sgd(grad, hyper, sign, nesterov, has_momentum, param, buffer, 0, param.size)


@compiled(parallel=True)
def sgd_blocks(grad, hyper, sign, nesterov, has_momentum, param, buffer):
    """All threads, a block at a time."""
    for block in prange((param.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        stop = min(start + BLOCK, param.size)
        _sgd(grad, hyper, sign, nesterov, has_momentum, param, buffer, start, stop)


@inner
def _adam(grad, hyper, sign, decoupled, amsgrad, param, exp_avg, exp_avg_sq, largest, start, stop):
    kind = param.dtype.type
    lr, beta1, beta2, eps, decay, correction1, correction2 = (
        hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], hyper[5], hyper[6],
    )  # fmt: skip
    shrink = kind(1 - lr * decay if decoupled else 1.0)
    decay = kind(0.0 if decoupled else decay)
    rate1, rate2, beta2, eps = kind(1 - beta1), kind(1 - beta2), kind(beta2), kind(eps)
    step_size, root2 = kind(lr / correction1), kind(math.sqrt(correction2))
    for i in range(start, stop):
        p = param[i] * shrink
        g = sign * grad[i]
        if decay != 0:
            g = g + decay * p
        m = exp_avg[i]
        m = m + rate1 * (g - m)
        v = beta2 * exp_avg_sq[i] + rate2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        if amsgrad:
            old = largest[i]
            v = old if old > v else v  # a NaN in v wins, as in PyTorch's maximum
            largest[i] = v
        param[i] = p - step_size * m / (math.sqrt(v) / root2 + eps)


@compiled()
def adam_loop(grad, hyper, sign, decoupled, amsgrad, param, exp_avg, exp_avg_sq, largest):
    """One thread."""
    _adam(grad, hyper, sign, decoupled, amsgrad, param, exp_avg, exp_avg_sq, largest, 0, param.size)


@compiled(parallel=True)
def adam_blocks(grad, hyper, sign, decoupled, amsgrad, param, exp_avg, exp_avg_sq, largest):
    """All threads, a block at a time."""
    for block in prange((param.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        stop = min(start + BLOCK, param.size)
        _adam(grad, hyper, sign, decoupled, amsgrad, param, exp_avg, exp_avg_sq, largest, start, stop)
