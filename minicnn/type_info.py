"""What number types hold and what comes of mixing them: torch.finfo, iinfo, promote_types, can_cast."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor


class _Limits:
    """The limits of one number type."""

    _shown: tuple[str, ...]

    def __init__(self, type: dtypes.dtype, limits: Any) -> None:
        self.dtype = type.name
        self.bits = 8 * type.itemsize
        self.min = limits.min
        self.max = limits.max

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Limits) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in self._shown)
        return f"{type(self).__name__}({shown}, dtype={self.dtype})"


class finfo(_Limits):
    """The limits of a floating-point type (the default one, if none is given). TypeError for another type.

    >>> finfo().eps, finfo(dtypes.float64).max
    (1.1920928955078125e-07, 1.7976931348623157e+308)
    """

    _shown = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")

    def __init__(self, type: dtypes.dtype | None = None) -> None:
        kind = dtypes.get_default_dtype() if type is None else _checked(type, "finfo")
        if not kind.is_floating_point:
            raise TypeError(f"finfo(): `type` is {kind}, expected a floating point type; iinfo has those of integers")
        limits = np.finfo(kind.numpy)
        super().__init__(kind, limits)
        self.min, self.max = float(limits.min), float(limits.max)
        self.eps = float(limits.eps)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = float(f"1e-{limits.precision}")


class iinfo(_Limits):
    """The limits of an integer type. TypeError for another type.

    >>> iinfo(dtypes.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    _shown = ("min", "max")

    def __init__(self, type: dtypes.dtype) -> None:
        kind = _checked(type, "iinfo")
        if kind.category not in (1, 2):
            raise TypeError(f"iinfo(): `type` is {kind}, expected an integer type; finfo has those of floating point")
        super().__init__(kind, np.iinfo(kind.numpy))


def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The smallest type that tensors of both types become when they meet.

    >>> promote_types(dtypes.int32, dtypes.float16)
    minicnn.float16
    """
    empty = [np.empty(1, _checked(kind, "promote_types").numpy) for kind in (type1, type2)]
    return dtypes.from_numpy(dtypes.result_type(*empty))


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether PyTorch's rules let a result of type `from_` be written into a tensor of type `to`.

    >>> can_cast(dtypes.int64, dtypes.float16), can_cast(dtypes.float32, dtypes.int32)
    (True, False)
    """
    rank = [min(_checked(kind, "can_cast").category, 2) if kind.category < 3 else 3 for kind in (from_, to)]
    return rank[0] <= rank[1]


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers."""
    return _tensor(input, "is_floating_point").is_floating_point()


def typename(obj: Any) -> str:
    """The name of an object's type, with its module; a Tensor's says what it holds.

    >>> import minicnn
    >>> typename(minicnn.ones(1)), typename(1)
    ('minicnn.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = type(obj)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _checked(kind: Any, name: str) -> dtypes.dtype:
    if not isinstance(kind, dtypes.dtype):
        raise TypeError(f"{name}(): `type` must be a dtype, not {type(kind).__name__}")
    return kind


def _tensor(value: Any, name: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}(): `input` must be a Tensor, not {type(value).__name__}")
    return value
