"""The loops of the rules that step by the gradient itself, or by its sign: SGD, averaged SGD, Rprop."""

from __future__ import annotations

from numba import prange

from ..compiled import compiled
from .elements import decayed, fma, stretch


@compiled(fastmath=())
def sgd_part(grad, hyper, sign, nesterov, param, buffer):
    """SGD of some elements; `buffer` None is no momentum."""
    kind = param.dtype.type
    lr, momentum, rate, decay = kind(hyper[0]), kind(hyper[1]), kind(1 - hyper[2]), kind(hyper[3])
    for i in range(param.size):
        p = param[i]
        g = decayed(sign * grad[i], decay, p)
        if buffer is not None:
            b = fma(rate, g, momentum * buffer[i])
            buffer[i] = b
            ahead = fma(momentum, b, g)
            g = ahead if nesterov else b
        param[i] = fma(-lr, g, p)


@compiled(fastmath=())
def asgd_part(grad, hyper, sign, param, ax):
    """Averaged SGD of some elements."""
    kind = param.dtype.type
    eta, shrink, mu, decay = kind(hyper[0]), kind(1 - hyper[1] * hyper[0]), kind(hyper[2]), kind(hyper[3])
    for i in range(param.size):
        g = decayed(sign * grad[i], decay, param[i])
        p = fma(-eta, g, param[i] * shrink)
        param[i] = p
        mean = ax[i] + (p - ax[i]) * mu
        ax[i] = p if mu == 1 else mean


@compiled(fastmath=())
def rprop_part(grad, hyper, sign, param, prev, step_size):
    """Rprop of some elements."""
    kind = param.dtype.type
    minus, plus, smallest, largest = kind(hyper[0]), kind(hyper[1]), kind(hyper[2]), kind(hyper[3])
    for i in range(param.size):
        g = sign * grad[i]
        direction = g * prev[i]
        factor = plus if direction > 0 else minus if direction < 0 else kind(1)
        step = min(max(step_size[i] * factor, smallest), largest)
        g = kind(0) if direction < 0 else g
        step_size[i] = step
        prev[i] = g
        param[i] -= step if g > 0 else -step if g < 0 else kind(0) * g


_sgd, _asgd, _rprop = sgd_part.dispatcher, asgd_part.dispatcher, rprop_part.dispatcher


@compiled(parallel=True, fastmath=())
def sgd(places, grads, hyper, pieces, first, sign, nesterov, momentum):
    """One step of SGD. `momentum` None is none: its code is not compiled."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            if momentum is None:
                _sgd(grad, hyper, sign, nesterov, param, None)
            else:
                buffer = stretch(places[i + k], sign, start, stop)
                _sgd(grad, hyper, sign, nesterov, param, buffer)


@compiled(parallel=True, fastmath=())
def asgd(places, grads, hyper, pieces, first, sign):
    """One step of averaged SGD."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            _asgd(grad, hyper, sign, param, stretch(places[i + k], sign, start, stop))


@compiled(parallel=True, fastmath=())
def rprop(places, grads, hyper, pieces, first, sign):
    """One step of Rprop."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = stretch(grads[i], sign, start, stop)
            param = stretch(places[i], sign, start, stop)
            prev = stretch(places[i + k], sign, start, stop)
            _rprop(grad, hyper, sign, param, prev, stretch(places[i + 2 * k], sign, start, stop))
