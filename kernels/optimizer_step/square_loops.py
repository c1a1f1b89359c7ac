"""The loops of the rules that divide the gradient by a root of its squares: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

import math

from numba import prange

from ..compiled import compiled
from .elements import decayed, fma, rates_of, stretch, toward


@compiled(fastmath=())
def adagrad_part(grad, hyper, sign, param, total):
    """Adagrad of some elements."""
    kind = param.dtype.type
    minus_rate, eps, decay = kind(-hyper[0]), kind(hyper[1]), kind(hyper[2])
    for i in range(param.size):
        g = decayed(sign * grad[i], decay, param[i])
        s = fma(g, g, total[i])
        total[i] = s
        param[i] += minus_rate * g / (math.sqrt(s) + eps)


@compiled(fastmath=())
def rmsprop_part(grad, hyper, sign, param, square_avg, buffer, grad_avg):
    """RMSprop of some elements; `buffer` is None without momentum, `grad_avg` if not centered."""
    kind = param.dtype.type
    lr, alpha, eps, decay, momentum = kind(hyper[0]), kind(hyper[1]), kind(hyper[2]), kind(hyper[3]), kind(hyper[4])
    rate2 = kind(1 - hyper[1])
    rate1, near = rates_of(kind, hyper[1])
    for i in range(param.size):
        p = param[i]
        g = decayed(sign * grad[i], decay, p)
        v = fma(rate2 * g, g, alpha * square_avg[i])
        square_avg[i] = v
        if grad_avg is not None:
            m = toward(grad_avg[i], g, rate1, near)
            grad_avg[i] = m
            v = fma(-m, m, v)
        below = math.sqrt(v) + eps
        if buffer is not None:
            b = momentum * buffer[i] + g / below
            buffer[i] = b
            param[i] = fma(-lr, b, p)
        else:
            param[i] = p + -lr * g / below


@compiled(fastmath=())
def adadelta_part(grad, hyper, sign, param, square_avg, acc_delta):
    """Adadelta of some elements."""
    kind = param.dtype.type
    lr, rho, rate, eps, decay = kind(hyper[0]), kind(hyper[1]), kind(1 - hyper[1]), kind(hyper[2]), kind(hyper[3])
    for i in range(param.size):
        p = param[i]
        g = decayed(sign * grad[i], decay, p)
        v = fma(rate * g, g, rho * square_avg[i])
        d = math.sqrt(acc_delta[i] + eps) / math.sqrt(v + eps) * g
        square_avg[i] = v
        acc_delta[i] = fma(rate * d, d, rho * acc_delta[i])
        param[i] = fma(-lr, d, p)


_adagrad, _rmsprop, _adadelta = adagrad_part.dispatcher, rmsprop_part.dispatcher, adadelta_part.dispatcher


@compiled(parallel=True, fastmath=())
def adagrad(places, grads, hyper, pieces, first, sign):
    """One step of Adagrad."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            _adagrad(grad, hyper, sign, param, stretch(places[i + k], sign, start, stop))


@compiled(parallel=True, fastmath=())
def rmsprop(places, grads, hyper, pieces, first, sign, momentum, centered):
    """One step of RMSprop. `momentum` and `centered` None are without: their code is not compiled."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            square_avg = stretch(places[i + k], sign, start, stop)
            if momentum is None:
                if centered is None:
                    _rmsprop(grad, hyper, sign, param, square_avg, None, None)
                else:
                    grad_avg = stretch(places[i + 2 * k], sign, start, stop)
                    _rmsprop(grad, hyper, sign, param, square_avg, None, grad_avg)
            else:
                buffer = stretch(places[i + 2 * k], sign, start, stop)
                if centered is None:
                    _rmsprop(grad, hyper, sign, param, square_avg, buffer, None)
                else:
                    grad_avg = stretch(places[i + 3 * k], sign, start, stop)
                    _rmsprop(grad, hyper, sign, param, square_avg, buffer, grad_avg)


@compiled(parallel=True, fastmath=())
def adadelta(places, grads, hyper, pieces, first, sign):
    """One step of Adadelta."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            square_avg = stretch(places[i + k], sign, start, stop)
            _adadelta(grad, hyper, sign, param, square_avg, stretch(places[i + 2 * k], sign, start, stop))
