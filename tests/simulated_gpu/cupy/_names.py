"""What NumPy's names come to under CuPy: filled in from the list of names that CuPy has."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _functions
from ._array import ndarray

CONSTANTS = (
    "bool", "e", "euler_gamma", "inf", "nan", "newaxis", "pi", "float16", "float32", "float64", "int8", "int16",
    "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool_", "complex64", "complex128", "dtype", "number",
    "integer", "floating", "generic", "intp", "AxisError", "signedinteger", "unsignedinteger", "inexact",
)  # fmt: skip
PLAIN = ("can_cast", "result_type", "promote_types", "iinfo", "finfo", "issubdtype", "broadcast_shapes")  # no arrays


def everything() -> dict[str, Any]:
    """The names that do as NumPy's, and the methods and operators of ndarray, which are put there."""
    names: dict[str, Any] = {}
    for name in CONSTANTS:
        names[name] = getattr(np.exceptions if name == "AxisError" else np, name)
    for name in PLAIN:
        names[name] = getattr(np, name)
    names["result_type"] = lambda *args: np.result_type(*(_functions.unboxed(arg) for arg in args))
    for name, types in _functions.SIGNATURES["ufuncs"].items():
        if isinstance(getattr(np, name, None), np.ufunc):
            names[name] = _functions.ufunc(name, types)
    for name, arguments in _functions.SIGNATURES["functions"].items():
        if name not in names and callable(getattr(np, name, None)):
            names[name] = _functions.forwarded(name, arguments, getattr(np, name))
    names["matmul"] = _functions.forwarded("matmul", "x1, x2, out, dtype", np.matmul)
    names.update(_functions.OWN)
    for name, arguments in _functions.SIGNATURES["methods"].items():
        if arguments is not None and name not in vars(ndarray) and hasattr(np.ndarray, name):
            setattr(ndarray, name, _functions.method(name, arguments))
    for symbol, name in OPERATORS.items():
        _operator(symbol, names[name])
    ndarray.__divmod__ = lambda self, other: names["divmod"](self, other)  # type: ignore[attr-defined]
    ndarray.__matmul__ = lambda self, other: names["matmul"](self, other)  # type: ignore[attr-defined]
    for symbol, name in {"neg": "negative", "invert": "invert", "abs": "absolute", "pos": "positive"}.items():
        setattr(ndarray, f"__{symbol}__", lambda self, function=names[name]: function(self))
    return names


OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "lshift": "left_shift", "rshift": "right_shift", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal",
    "gt": "greater", "ge": "greater_equal",
}  # fmt: skip


def _operator(symbol: str, function: Any) -> None:
    def left(self: ndarray, other: Any) -> Any:
        if not hasattr(other, "__array_ufunc__") and getattr(other, "__array_priority__", 0) > 100:
            return NotImplemented
        return function(self, other)

    setattr(ndarray, f"__{symbol}__", left)
    if symbol not in ("lt", "le", "eq", "ne", "gt", "ge"):
        setattr(ndarray, f"__r{symbol}__", lambda self, other: function(other, self))
        setattr(ndarray, f"__i{symbol}__", lambda self, other: function(self, other, out=self))


def missing(name: str) -> AttributeError:
    """Why there is no such name: CuPy has none, or the stand-in has not (yet)."""
    known = any(name in _functions.SIGNATURES[part] for part in ("functions", "ufuncs", "others"))
    what = "the stand-in has not" if known else "CuPy has not, either"
    return AttributeError(f"module 'cupy' has no attribute {name!r}, which {what} (tests/simulated_gpu/cupy)")
