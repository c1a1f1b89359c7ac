"""Copying and filling inside compiled loops: Numba needs a second to compile `target[:] = source`."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.cgutils import raw_memcpy
from numba.extending import intrinsic

from .compiled import inner


@inner
def copy(source: Any, target: Any) -> None:
    """target = source"""
    for i in range(target.size):
        target[i] = source[i]


@inner
def fill(target: Any, value: Any) -> None:
    """target = value everywhere"""
    for i in range(target.size):
        target[i] = value


@intrinsic
def move(typing_context: Any, source: Any, at: Any, target: Any, to: Any, count: Any) -> Any:
    """target[to : to + count] = source[at : at + count], in memory of two arrays.

    The C library knows rows of every length; what LLVM makes of a loop copies one of less than 32 numbers one by one.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = [
            builder.gep(context.make_array(kind)(context, builder, value=array).data, [first])
            for kind, array, first in ((target, args[2], args[3]), (source, args[0], args[1]))
        ]
        raw_memcpy(builder, *places, args[4], source.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(source, at, target, to, count), build
