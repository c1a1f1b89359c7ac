"""What the rules' loops share: how they reach the elements, and the steps of arithmetic that several rules take.

The k parameters lie where `places` says: places[i] is the address of parameter i, places[k + i] that of its first
state, and so on; grads[i] is the address of its gradient. `pieces` are rows (parameter, start, stop), `first` the
first row of each block; blocks are dealt out to the threads.
"""

from __future__ import annotations

from numba import carray, types
from numba.extending import intrinsic

from ..compiled import inner


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


@inner
def stretch(address, like, start, stop):
    """The elements `start` … `stop` of the array at `address`."""
    return carray(pointer_to(address, like), (stop,))[start:]


@inner
def decayed(grad, decay, p):
    """grad + decay·p; of an infinite p, 0·p would be NaN."""
    with_decay = fma(decay, p, grad)
    return with_decay if decay != 0 else grad


@inner
def rates_of(like, beta):
    """(rate, near) for `toward`: 1 - beta, from the nearer end."""
    rate = like(1 - beta)
    near = rate < 0.5
    return (rate if near else rate - like(1)), near


@inner
def toward(mean, grad, rate, near):
    """mean + (1 - beta)·(grad - mean), rounded as PyTorch's lerp."""
    return fma(rate, grad - mean, mean if near else grad)
