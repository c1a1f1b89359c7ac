"""Copying and filling inside compiled loops: Numba needs a second to compile `target[:] = source`."""

from __future__ import annotations

from .compiled import inner


@inner
def copy(source, target):
    """target = source"""
    for i in range(target.size):
        target[i] = source[i]


@inner
def fill(target, value):
    """target = value everywhere"""
    for i in range(target.size):
        target[i] = value
