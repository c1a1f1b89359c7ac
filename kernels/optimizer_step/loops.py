"""The compiled loops behind cpu_numba.py: a rule for the elements of one array, and a loop over blocks of all.

The k parameters lie where `places` says: places[i] is the address of parameter i, places[k + i] that of its first
state, and so on; grads[i] is the address of its gradient.
"""

from __future__ import annotations

import math

from numba import carray, prange, types
from numba.extending import intrinsic

from ..compiled import compiled


@intrinsic
def fma(typing_context, x, y, z):
    """x·y + z, rounded once."""

    def build(context, builder, signature, args):
        return builder.fma(*args)

    return x(x, x, x), build


@intrinsic
def pointer_to(typing_context, address, like):
    """`address` as a pointer to numbers of the type of `like`."""
    kind = types.CPointer(like)

    def build(context, builder, signature, args):
        return builder.inttoptr(args[0], context.get_value_type(kind))

    return kind(types.int64, like), build


@compiled(fastmath=())
def sgd_part(grad, hyper, sign, nesterov, param, buffer):
    """SGD of some elements; `buffer` None is no momentum."""
    kind = param.dtype.type
    lr, momentum, rate, decay = kind(hyper[0]), kind(hyper[1]), kind(1 - hyper[2]), kind(hyper[3])
    for i in range(param.size):
        p = param[i]
        g = sign * grad[i]
        decayed = fma(decay, p, g)
        g = decayed if decay != 0 else g  # of an infinite p, 0·p would be NaN
        if buffer is not None:
            b = fma(rate, g, momentum * buffer[i])
            buffer[i] = b
            ahead = fma(momentum, b, g)
            g = ahead if nesterov else b
        param[i] = fma(-lr, g, p)


@compiled(fastmath=())
def adam_part(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, largest):
    """Adam of some elements; `largest` is None without amsgrad."""
    kind = param.dtype.type
    lr, beta1, beta2_, eps_, decay_ = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    shrink = kind(1 - lr * decay_) if decoupled else kind(1)
    decay = kind(0) if decoupled else kind(decay_)
    rate1, beta2, rate2, eps = kind(1 - beta1), kind(beta2_), kind(1 - beta2_), kind(eps_)
    near = rate1 < 0.5  # from the nearer end, as PyTorch's lerp
    rate1 = rate1 if near else rate1 - kind(1)
    minus_step, root2 = kind(-lr / hyper[5]), kind(hyper[6])
    for i in range(param.size):
        p = param[i] * shrink
        g = sign * grad[i]
        decayed = fma(decay, p, g)
        g = decayed if decay != 0 else g  # of an infinite p, 0·p would be NaN
        m = exp_avg[i]
        m = fma(rate1, g - m, m if near else g)
        v = fma(rate2 * g, g, beta2 * exp_avg_sq[i])
        exp_avg[i] = m
        exp_avg_sq[i] = v
        if largest is not None:
            old = largest[i]
            v = old if old > v else v  # a NaN in v wins, as in PyTorch's maximum
            largest[i] = v
        param[i] = p + minus_step * m / (math.sqrt(v) / root2 + eps)


_sgd, _adam = sgd_part.dispatcher, adam_part.dispatcher


@compiled(parallel=True, fastmath=())
def sgd(places, grads, hyper, pieces, first, sign, nesterov, momentum):
    """One step of SGD: `pieces` are rows (parameter, start, stop), `first` the first row of each block.

    `momentum` None is none, here as in `adam` `amsgrad`: its code is not compiled.
    """
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = carray(pointer_to(grads[i], sign), (stop,))[start:]
            param = carray(pointer_to(places[i], sign), (stop,))[start:]
            if momentum is None:
                _sgd(grad, hyper, sign, nesterov, param, None)
            else:
                buffer = carray(pointer_to(places[i + k], sign), (stop,))[start:]
                _sgd(grad, hyper, sign, nesterov, param, buffer)


@compiled(parallel=True, fastmath=())
def adam(places, grads, hyper, pieces, first, sign, decoupled, amsgrad):
    """One step of Adam: `pieces` are rows (parameter, start, stop), `first` the first row of each block."""
    k = grads.size
    for block in prange(first.size - 1):
        for row in range(first[block], first[block + 1]):
            i, start, stop = pieces[3 * row], pieces[3 * row + 1], pieces[3 * row + 2]
            grad = carray(pointer_to(grads[i], sign), (stop,))[start:]
            param = carray(pointer_to(places[i], sign), (stop,))[start:]
            exp_avg = carray(pointer_to(places[i + k], sign), (stop,))[start:]
            exp_avg_sq = carray(pointer_to(places[i + 2 * k], sign), (stop,))[start:]
            if amsgrad is None:
                _adam(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, None)
            else:
                largest = carray(pointer_to(places[i + 3 * k], sign), (stop,))[start:]
                _adam(grad, hyper, sign, decoupled, param, exp_avg, exp_avg_sq, largest)
