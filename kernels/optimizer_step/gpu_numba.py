"""Numba-CUDA: the rules of rules.cuh in Python, a number a thread and a launch a parameter.

A Numba kernel takes arrays and no addresses, so it cannot be handed a table of parameters as the one of
optimizer_step.cuh is. A state that an option leaves out is a parameter's own array here, and is not touched. Each
thread works out the coefficients of the step, which is float64 arithmetic: many GPUs are slow at that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from numba import cuda

from .. import launch
from ..dispatch import Plan
from . import STATES, WITH_STATE, Sizes

FLAGS = ("maximize", "nesterov", "decoupled", *sorted(WITH_STATE))
MAXIMIZE, NESTEROV, DECOUPLED, AMSGRAD, CENTERED, MOMENTUM = (1 << i for i in range(6))


def plan(z: Sizes) -> Plan | None:
    """float32 and float64."""
    if z.dtype.name not in ("float32", "float64"):
        return None
    flags = sum(1 << FLAGS.index(option) for option in z.options)
    states = STATES[z.rule] + len(WITH_STATE.intersection(z.options))
    kernel, count, most = KERNELS[z.rule], len(z.sizes), MOST_STATES[z.rule]

    def run(outs: Sequence[Any], ins: Sequence[Any], scratch: Any) -> None:
        for i, size in enumerate(z.sizes):
            arrays = [outs[i + s * count] for s in range(1 + states)]
            arrays += arrays[:1] * (1 + most - len(arrays))
            kernel(size, ins[i], *arrays, ins[-1], flags)

    return Plan("a launch a parameter", z.inputs(), z.outputs(), 0, run)


@launch.numba_device
def decayed(grad, p, decay, flags):
    """±grad + decay·p; of an infinite p, 0·p would be NaN."""
    g = -grad if flags & MAXIMIZE else grad
    return cuda.fma(decay, p, g) if decay != 0 else g


@launch.numba_device
def shrink_of(lr, weight_decay, flags, kind):
    """(what the parameter shrinks by, the weight decay that the gradient gets)"""
    if flags & DECOUPLED:
        return kind(1 - lr * weight_decay), kind(0)
    return kind(1), kind(weight_decay)


@launch.numba_device
def toward(mean, grad, beta, kind):
    """mean + (1 - beta)·(grad - mean) from the nearer end, as PyTorch's lerp."""
    rate = kind(1 - beta)
    if rate < kind(0.5):
        return cuda.fma(rate, grad - mean, mean)
    return cuda.fma(rate - kind(1), grad - mean, grad)


@launch.numba_device
def mean_square(mean, x, beta, kind):
    """beta·mean + (1 - beta)·x²"""
    return cuda.fma(kind(1 - beta) * x, x, kind(beta) * mean)


@launch.numba_kernel
def sgd(grads, param, buffer, hyper, flags):
    """SGD"""
    kind = param.dtype.type
    lr, momentum, rate, decay = kind(hyper[0]), kind(hyper[1]), kind(1 - hyper[2]), kind(hyper[3])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        g = decayed(grads[i], param[i], decay, flags)
        if flags & MOMENTUM:
            b = cuda.fma(rate, g, momentum * buffer[i])
            buffer[i] = b
            g = cuda.fma(momentum, b, g) if flags & NESTEROV else b
        param[i] = cuda.fma(-lr, g, param[i])


@launch.numba_kernel
def asgd(grads, param, ax, hyper, flags):
    """Averaged SGD"""
    kind = param.dtype.type
    eta, shrink, mu, decay = kind(hyper[0]), kind(1 - hyper[1] * hyper[0]), kind(hyper[2]), kind(hyper[3])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        g = decayed(grads[i], param[i], decay, flags)
        p = cuda.fma(-eta, g, param[i] * shrink)
        param[i] = p
        ax[i] = p if mu == kind(1) else ax[i] + (p - ax[i]) * mu


@launch.numba_kernel
def rprop(grads, param, prev, step_size, hyper, flags):
    """Rprop"""
    kind = param.dtype.type
    minus, plus, smallest, largest = kind(hyper[0]), kind(hyper[1]), kind(hyper[2]), kind(hyper[3])
    zero = kind(0)
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        g = -grads[i] if flags & MAXIMIZE else grads[i]
        direction = g * prev[i]
        factor = plus if direction > zero else (minus if direction < zero else kind(1))
        step = min(max(step_size[i] * factor, smallest), largest)
        g = zero if direction < zero else g
        step_size[i] = step
        prev[i] = g
        param[i] -= step if g > zero else (-step if g < zero else zero * g)  # NaN stays NaN


@launch.numba_kernel
def adam(grads, param, exp_avg, exp_avg_sq, largest, hyper, flags):
    """Adam"""
    kind = param.dtype.type
    shrink, decay = shrink_of(hyper[0], hyper[4], flags, kind)
    eps, minus_step, root2 = kind(hyper[3]), kind(-hyper[0] / hyper[5]), kind(hyper[6])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        p = param[i] * shrink
        g = decayed(grads[i], p, decay, flags)
        m = toward(exp_avg[i], g, hyper[1], kind)
        v = mean_square(exp_avg_sq[i], g, hyper[2], kind)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        if flags & AMSGRAD:
            v = largest[i] if largest[i] > v else v  # a NaN in v wins, as in PyTorch's maximum
            largest[i] = v
        param[i] = p + minus_step * m / (kind(math.sqrt(v)) / root2 + eps)


@launch.numba_kernel
def adamax(grads, param, exp_avg, exp_inf, hyper, flags):
    """Adamax"""
    kind = param.dtype.type
    beta2, eps, decay, minus_step = kind(hyper[1]), kind(hyper[2]), kind(hyper[3]), kind(-hyper[4])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        g = decayed(grads[i], param[i], decay, flags)
        m = toward(exp_avg[i], g, hyper[0], kind)
        old, new = beta2 * exp_inf[i], abs(g) + eps
        u = old if old > new else new  # a NaN in the gradient wins
        exp_avg[i] = m
        exp_inf[i] = u
        param[i] += minus_step * m / u


@launch.numba_kernel
def nadam(grads, param, exp_avg, exp_avg_sq, hyper, flags):
    """NAdam"""
    kind = param.dtype.type
    shrink, decay = shrink_of(hyper[0], hyper[4], flags, kind)
    eps, correction2, minus_g, minus_m = kind(hyper[3]), kind(hyper[5]), kind(-hyper[6]), kind(-hyper[7])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        p = param[i] * shrink
        g = decayed(grads[i], p, decay, flags)
        m = toward(exp_avg[i], g, hyper[1], kind)
        v = mean_square(exp_avg_sq[i], g, hyper[2], kind)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        below = kind(math.sqrt(v / correction2)) + eps
        param[i] = p + minus_g * g / below + minus_m * m / below


@launch.numba_kernel
def radam(grads, param, exp_avg, exp_avg_sq, hyper, flags):
    """RAdam; before the rectification is defined (0), a step of the mean alone"""
    kind = param.dtype.type
    shrink, decay = shrink_of(hyper[0], hyper[4], flags, kind)
    lr, eps, correction1, root2 = kind(hyper[0]), kind(hyper[3]), kind(hyper[5]), kind(hyper[6])
    rectification = kind(hyper[7])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        p = param[i] * shrink
        g = decayed(grads[i], p, decay, flags)
        m = toward(exp_avg[i], g, hyper[1], kind)
        v = mean_square(exp_avg_sq[i], g, hyper[2], kind)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        step = m / correction1 * lr
        if rectification != kind(0):
            step = step * (kind(1) / (kind(math.sqrt(v)) + eps) * root2) * rectification
        param[i] = p - step


@launch.numba_kernel
def adagrad(grads, param, total, hyper, flags):
    """Adagrad"""
    kind = param.dtype.type
    minus_rate, eps, decay = kind(-hyper[0]), kind(hyper[1]), kind(hyper[2])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        g = decayed(grads[i], param[i], decay, flags)
        s = cuda.fma(g, g, total[i])
        total[i] = s
        param[i] += minus_rate * g / (kind(math.sqrt(s)) + eps)


@launch.numba_kernel
def rmsprop(grads, param, square_avg, second, third, hyper, flags):
    """RMSprop; the momentum buffer comes before the mean of the gradient, if there is one"""
    kind = param.dtype.type
    lr, eps, decay, momentum = kind(hyper[0]), kind(hyper[2]), kind(hyper[3]), kind(hyper[4])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        p = param[i]
        g = decayed(grads[i], p, decay, flags)
        v = mean_square(square_avg[i], g, hyper[1], kind)
        square_avg[i] = v
        if flags & CENTERED:
            mean = third if flags & MOMENTUM else second
            m = toward(mean[i], g, hyper[1], kind)
            mean[i] = m
            v = cuda.fma(-m, m, v)
        below = kind(math.sqrt(v)) + eps
        if flags & MOMENTUM:
            b = momentum * second[i] + g / below
            second[i] = b
            param[i] = cuda.fma(-lr, b, p)
        else:
            param[i] = p - lr * g / below


@launch.numba_kernel
def adadelta(grads, param, square_avg, acc_delta, hyper, flags):
    """Adadelta"""
    kind = param.dtype.type
    lr, eps, decay = kind(hyper[0]), kind(hyper[2]), kind(hyper[3])
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        p = param[i]
        g = decayed(grads[i], p, decay, flags)
        v = mean_square(square_avg[i], g, hyper[1], kind)
        d = kind(math.sqrt(acc_delta[i] + eps)) / kind(math.sqrt(v + eps)) * g
        square_avg[i] = v
        acc_delta[i] = mean_square(acc_delta[i], d, hyper[1], kind)
        param[i] = cuda.fma(-lr, d, p)


KERNELS = {
    "sgd": sgd, "adam": adam, "adagrad": adagrad, "rmsprop": rmsprop, "adadelta": adadelta, "adamax": adamax,
    "nadam": nadam, "radam": radam, "asgd": asgd, "rprop": rprop,
}  # fmt: skip
MOST_STATES = {**STATES, "sgd": 1, "adam": 3, "rmsprop": 3}  # with every option
