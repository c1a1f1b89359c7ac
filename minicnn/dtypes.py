"""Number types: PyTorch's names on NumPy's types, and PyTorch's rules for mixing them.

The rules (torch.result_type): bool < integer < floating. A Python number or a 0-d tensor changes
the type of an n-d tensor only when it is of a higher category: `int64 tensor + 0.5` is float32,
`float32 tensor + float64 0-d tensor` stays float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

PREFIX = "minicnn"  # what a printed dtype starts with


class dtype:
    """A number type, e.g. `minicnn.float32`.

    `numpy` is the NumPy type behind it; `itemsize` its bytes; `is_floating_point` as in PyTorch.
    """

    __slots__ = ("category", "is_floating_point", "itemsize", "name", "numpy")

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.category = "biuf".index(self.numpy.kind) if self.numpy.kind != "u" else 1

    def __repr__(self) -> str:
        return f"{PREFIX}.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (from_numpy, (self.name,))


class _BFloat16(dtype):
    """bfloat16, to store and convert, and on a GPU to compute with. NumPy has it from the library ml_dtypes, which is
    imported when it is used."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name, self.itemsize, self.is_floating_point, self.category = "bfloat16", 2, True, 3

    @property
    def numpy(self) -> np.dtype[Any]:  # type: ignore[override]
        """The NumPy type; ImportError without ml_dtypes."""
        return np.dtype(_ml_dtypes().bfloat16)


def _ml_dtypes() -> Any:
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError("bfloat16 needs the library ml_dtypes: pip install ml_dtypes") from None
    return ml_dtypes


def float_limits(kind: np.dtype[Any]) -> Any:
    """NumPy's finfo, also of bfloat16."""
    return _ml_dtypes().finfo(kind) if kind.kind == "V" else np.finfo(kind)


bool_ = dtype("bool")
uint8 = dtype("uint8")
int8 = dtype("int8")
int16 = dtype("int16")
int32 = dtype("int32")
int64 = dtype("int64")
float16 = dtype("float16")
float32 = dtype("float32")
float64 = dtype("float64")

bfloat16 = _BFloat16()

ALL = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64)
_BY_NUMPY = {d.numpy: d for d in ALL}
_default = float32


def from_numpy(kind: Any) -> dtype:
    """The dtype for a NumPy type (or its name); TypeError for one that minicnn does not have."""
    try:
        if isinstance(kind, np.generic):  # a number, of which NumPy would take the type
            raise TypeError
        return _BY_NUMPY[np.dtype(kind)]
    except (KeyError, TypeError):
        if getattr(kind, "name", kind) == "bfloat16":
            return bfloat16
        names = ", ".join(d.name for d in ALL)
        raise TypeError(f"`dtype` {kind} is not one that minicnn has; expected one of {names}") from None


def as_numpy(kind: Any) -> np.dtype[Any]:
    """The NumPy type of a `dtype`, of Python's float, int, bool, or of a NumPy type."""
    if isinstance(kind, dtype):
        return kind.numpy
    if kind is float:
        return _default.numpy
    if kind is int:
        return int64.numpy
    return from_numpy(kind).numpy


def get_default_dtype() -> dtype:
    """The type of Python floats and of new tensors; float32 unless changed."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make `d` (float32 or float64) the type of Python floats and of new tensors."""
    global _default
    if d not in (float32, float64):
        raise TypeError(f"`d` must be float32 or float64, got {d}")
    _default = d


def category(kind: np.dtype[Any]) -> int:
    """bool 0, integer 1 or 2, floating 3, as a number that compares."""
    return {"b": 0, "u": 1, "i": 1, "f": 3, "V": 3}[kind.kind]  # V: bfloat16


def of_scalar(value: Any) -> np.dtype[Any]:
    """The type a bare Python number stands for."""
    if isinstance(value, bool | np.bool_):
        return bool_.numpy
    if isinstance(value, int | np.integer):
        return int64.numpy
    return _default.numpy


def result_type(*operands: Any) -> np.dtype[Any]:
    """The NumPy type of an operation on arrays (with `.dtype`, `.ndim`) and Python numbers.

    Source: PyTorch's documentation of type promotion ("Type Promotion Doc", torch.result_type).
    """
    winner = None
    for rank in (0, 1, 2):  # n-d tensors, then 0-d tensors, then Python numbers
        inside = None
        for x in operands:
            if hasattr(x, "ndim") and hasattr(x, "dtype"):
                x_rank, kind = (0 if x.ndim else 1), as_numpy(x.dtype)
            else:
                x_rank, kind = 2, of_scalar(x)
            if x_rank == rank:
                inside = kind if inside is None else _promote(inside, kind)
        if inside is not None and (winner is None or category(inside) > category(winner)):
            winner = inside
    assert winner is not None
    return winner


def _promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    if "V" in (a.kind, b.kind) and a != b:  # bfloat16
        other = b if a.kind == "V" else a
        return float32.numpy if other == np.float16 else other if other.kind == "f" else bfloat16.numpy
    if a.kind == "f" and b.kind != "f":  # NumPy would widen int64 + float32 to float64
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)
