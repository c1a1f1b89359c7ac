"""The loops of the rules with a running mean of the gradient: Adam and its kin."""

from __future__ import annotations

import math

from numba import prange

from ..compiled import compiled
from .elements import decayed, fma, rates_of, stretch, toward


@compiled(fastmath=())
def adam_part(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, largest):
    """Adam of some elements; `largest` is None without amsgrad."""
    kind = param.dtype.type
    lr, beta1, beta2_, eps_, decay_ = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    shrink = kind(1 - lr * decay_) if decoupled else kind(1)
    decay = kind(0) if decoupled else kind(decay_)
    beta2, rate2, eps = kind(beta2_), kind(1 - beta2_), kind(eps_)
    rate1, near = rates_of(kind, beta1)
    minus_step, root2 = kind(-lr / hyper[5]), kind(hyper[6])
    for i in range(param.size):
        p = param[i] * shrink
        g = decayed(sign * grad[i], decay, p)
        m = toward(exp_avg[i], g, rate1, near)
        v = fma(rate2 * g, g, beta2 * exp_avg_sq[i])
        exp_avg[i] = m
        exp_avg_sq[i] = v
        if largest is not None:
            old = largest[i]
            v = old if old > v else v  # a NaN in v wins, as in PyTorch's maximum
            largest[i] = v
        param[i] = p + minus_step * m / (math.sqrt(v) / root2 + eps)


@compiled(fastmath=())
def adamax_part(grad, hyper, sign, param, exp_avg, exp_inf):
    """Adamax of some elements."""
    kind = param.dtype.type
    rate1, near = rates_of(kind, hyper[0])
    beta2, eps, decay, minus_step = kind(hyper[1]), kind(hyper[2]), kind(hyper[3]), kind(-hyper[4])
    for i in range(param.size):
        p = param[i]
        g = decayed(sign * grad[i], decay, p)
        m = toward(exp_avg[i], g, rate1, near)
        old, new = beta2 * exp_inf[i], abs(g) + eps
        u = old if old > new else new  # a NaN in the gradient wins
        exp_avg[i] = m
        exp_inf[i] = u
        param[i] = p + minus_step * m / u


@compiled(fastmath=())
def nadam_part(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq):
    """NAdam of some elements."""
    kind = param.dtype.type
    shrink = kind(1 - hyper[0] * hyper[4]) if decoupled else kind(1)
    decay = kind(0) if decoupled else kind(hyper[4])
    rate1, near = rates_of(kind, hyper[1])
    beta2, rate2, eps, correction2 = kind(hyper[2]), kind(1 - hyper[2]), kind(hyper[3]), kind(hyper[5])
    minus_g, minus_m = kind(-hyper[6]), kind(-hyper[7])
    for i in range(param.size):
        p = param[i] * shrink
        g = decayed(sign * grad[i], decay, p)
        m = toward(exp_avg[i], g, rate1, near)
        v = fma(rate2 * g, g, beta2 * exp_avg_sq[i])
        exp_avg[i] = m
        exp_avg_sq[i] = v
        below = math.sqrt(v / correction2) + eps
        param[i] = p + minus_g * g / below + minus_m * m / below


@compiled(fastmath=())
def radam_part(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq):
    """RAdam of some elements; before the rectification is defined (0), a step of the mean alone."""
    kind = param.dtype.type
    lr = kind(hyper[0])
    shrink = kind(1 - hyper[0] * hyper[4]) if decoupled else kind(1)
    decay = kind(0) if decoupled else kind(hyper[4])
    rate1, near = rates_of(kind, hyper[1])
    beta2, rate2, eps = kind(hyper[2]), kind(1 - hyper[2]), kind(hyper[3])
    correction1, root2, rectification = kind(hyper[5]), kind(hyper[6]), kind(hyper[7])
    for i in range(param.size):
        p = param[i] * shrink
        g = decayed(sign * grad[i], decay, p)
        m = toward(exp_avg[i], g, rate1, near)
        v = fma(rate2 * g, g, beta2 * exp_avg_sq[i])
        exp_avg[i] = m
        exp_avg_sq[i] = v
        plain = m / correction1 * lr
        rectified = plain * (kind(1) / (math.sqrt(v) + eps) * root2) * rectification
        param[i] = p - (rectified if rectification != 0 else plain)


_adam, _adamax = adam_part.dispatcher, adamax_part.dispatcher
_nadam, _radam = nadam_part.dispatcher, radam_part.dispatcher


@compiled(parallel=True, fastmath=())
def adam(places, grads, hyper, pieces, first, sign, decoupled, amsgrad):
    """One step of Adam. `amsgrad` None is without: its code is not compiled."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            exp_avg = stretch(places[i + k], sign, start, stop)
            exp_avg_sq = stretch(places[i + 2 * k], sign, start, stop)
            if amsgrad is None:
                _adam(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, None)
            else:
                largest = stretch(places[i + 3 * k], sign, start, stop)
                _adam(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, largest)


@compiled(parallel=True, fastmath=())
def adamax(places, grads, hyper, pieces, first, sign):
    """One step of Adamax."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            exp_avg = stretch(places[i + k], sign, start, stop)
            _adamax(grad, hyper, sign, param, exp_avg, stretch(places[i + 2 * k], sign, start, stop))


@compiled(parallel=True, fastmath=())
def nadam(places, grads, hyper, pieces, first, sign, decoupled):
    """One step of NAdam."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            exp_avg = stretch(places[i + k], sign, start, stop)
            _nadam(grad, hyper, sign, decoupled, param, exp_avg, stretch(places[i + 2 * k], sign, start, stop))


@compiled(parallel=True, fastmath=())
def radam(places, grads, hyper, pieces, first, sign, decoupled):
    """One step of RAdam."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            exp_avg = stretch(places[i + k], sign, start, stop)
            _radam(grad, hyper, sign, decoupled, param, exp_avg, stretch(places[i + 2 * k], sign, start, stop))
