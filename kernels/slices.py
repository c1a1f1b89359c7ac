"""Copying and filling inside compiled loops: Numba needs a second to compile `target[:] = source`."""

from __future__ import annotations

from typing import Any

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
