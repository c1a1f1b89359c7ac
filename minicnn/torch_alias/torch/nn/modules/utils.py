"""torch.nn.modules.utils: one number, or several, as a tuple."""

from collections.abc import Callable as _Callable
from itertools import repeat as _repeat
from typing import Any as _Any

from minicnn import alias as _alias


def _ntuple(n: int, name: str) -> _Callable[[_Any], tuple[_Any, ...]]:
    def parse(x: _Any) -> tuple[_Any, ...]:
        """`x` as a tuple: itself if it is iterable, else repeated."""
        return tuple(x) if hasattr(x, "__iter__") else tuple(_repeat(x, n))

    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")

_alias.show(__name__)
