"""Numba's kernels as PTX: compiled for the types that they are started with, and their arguments taken apart."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import Library
from .parse import parse


def pretend_there_is_a_gpu(architecture: int) -> None:
    """A function that a kernel calls is compiled for the current GPU, whatever `compile_ptx` was asked for."""
    dispatcher: Any = importlib.import_module("numba.cuda.dispatcher")
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=divmod(architecture, 10))


def numba_type(description: Any) -> Any:
    """The type that simulator.type_of described."""
    from numba import types

    if isinstance(description, str):
        return getattr(types, description)
    kind, *rest = description
    if kind == "array":
        dtype, ndim = rest
        return types.Array(getattr(types, dtype), ndim, "C")
    return types.Tuple([numba_type(part) for part in rest[0]])


def ptx(function: Any, descriptions: Sequence[Any], architecture: int) -> str:
    """The text of a kernel compiled for these types."""
    from numba import cuda, types

    arguments = [numba_type(description) for description in descriptions]
    text, _ = cuda.compile_ptx(function, types.void(*arguments), cc=divmod(architecture, 10))
    return str(text)


@functools.lru_cache(maxsize=512)
def library(function: Any, described: str, architecture: int) -> Library:
    """The kernel for the types in `described`, ready to be started."""
    import ast

    return Library(parse(ptx(function, ast.literal_eval(described), architecture)))


def unpacked(arg: Any) -> Iterator[Any]:
    """The parameters that an argument becomes: of an array meminfo, parent, numbers, bytes of one, data, shape and
    strides."""
    if isinstance(arg, np.ndarray):
        yield from (np.uint64(0), np.uint64(0), np.int64(arg.size), np.int64(arg.itemsize), arg)
        yield from map(np.int64, (*arg.shape, *arg.strides))
    elif isinstance(arg, tuple):
        for part in arg:
            yield from unpacked(part)
    elif isinstance(arg, np.generic):
        yield arg
    else:
        yield {bool: np.bool_, int: np.int64, float: np.float64}[type(arg)](arg)
