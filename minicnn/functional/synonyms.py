"""The second names that PyTorch has for operations, most of them NumPy's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minicnn.autograd.register import operation
from minicnn.functional.assembling import vstack
from minicnn.functional.division import div
from minicnn.functional.elementwise import mul, neg, sub
from minicnn.functional.joining import cat, split
from minicnn.functional.logic import ge, gt, le, lt, ne
from minicnn.functional.matmul import outer
from minicnn.functional.reshaped import transpose_
from minicnn.functional.running import trapezoid
from minicnn.functional.shape import last_two_swapped, movedim, transpose
from minicnn.functional.transcendental import atan2
from minicnn.functional.unary import abs_, acos, acosh, asin, asinh, atan, atanh, sign, trunc

Function = Callable[..., Any]


def _synonym(name: str, function: Function, inplace: bool = False) -> Function:
    """`function` under another name, as a method of Tensor, too."""
    return operation(method=name, inplace=inplace)(_renamed(name, function))


def _renamed(name: str, function: Function) -> Function:
    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    call.__name__ = call.__qualname__ = name
    call.__module__ = __name__
    call.__doc__ = f"As `{function.__name__.removesuffix('_')}`."
    return call


absolute = _synonym("absolute", abs_, inplace=True)
arccos = _synonym("arccos", acos, inplace=True)
arccosh = _synonym("arccosh", acosh, inplace=True)
arcsin = _synonym("arcsin", asin, inplace=True)
arcsinh = _synonym("arcsinh", asinh, inplace=True)
arctan = _synonym("arctan", atan, inplace=True)
arctan2 = _synonym("arctan2", atan2, inplace=True)
arctanh = _synonym("arctanh", atanh, inplace=True)
divide = _synonym("divide", div, inplace=True)
fix = _synonym("fix", trunc, inplace=True)
ger = _synonym("ger", outer)
greater = _synonym("greater", gt, inplace=True)
greater_equal = _synonym("greater_equal", ge, inplace=True)
less = _synonym("less", lt, inplace=True)
less_equal = _synonym("less_equal", le, inplace=True)
moveaxis = _synonym("moveaxis", movedim)
multiply = _synonym("multiply", mul, inplace=True)
negative = _synonym("negative", neg, inplace=True)
not_equal = _synonym("not_equal", ne, inplace=True)
sgn = _synonym("sgn", sign, inplace=True)
split_with_sizes = _synonym("split_with_sizes", split)
subtract = _synonym("subtract", sub, inplace=True)
swapaxes = _synonym("swapaxes", transpose)
swapaxes_ = _synonym("swapaxes_", transpose_)
swapdims = _synonym("swapdims", transpose)
swapdims_ = _synonym("swapdims_", transpose_)
true_divide = _synonym("true_divide", div, inplace=True)
adjoint = _synonym("adjoint", last_two_swapped)
concatenate = _renamed("concatenate", cat)
row_stack = _renamed("row_stack", vstack)
trapz = _renamed("trapz", trapezoid)
