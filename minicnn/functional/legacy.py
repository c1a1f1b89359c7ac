"""PyTorch's old constructors: `FloatTensor(2, 3)`, `LongTensor([1, 2])`, `Tensor(2, 3)`."""

from __future__ import annotations

from typing import Any

from minicnn import dtypes
from minicnn.autograd.tensor import Tensor
from minicnn.functional.conversion import LEGACY_NAMES
from minicnn.functional.creation import tensor, zeros


def legacy(*data: Any) -> Any:
    """The array of `Tensor(2, 3)` (zeros of that shape) or `Tensor([1, 2])`, in the default dtype."""
    kind = dtypes.get_default_dtype()
    return LegacyType(kind)(*data)._array


Tensor._legacy = staticmethod(legacy)


class LegacyType:
    """`FloatTensor(2, 3)` (zeros), `FloatTensor([1, 2])` (these values), and isinstance."""

    def __init__(self, kind: dtypes.dtype) -> None:
        self.dtype = kind
        self.__name__ = LEGACY_NAMES[kind.name]

    def __call__(self, *data: Any) -> Tensor:
        if len(data) == 1 and not isinstance(data[0], int):
            return tensor(data[0], self.dtype)
        return zeros(*(data or (0,)), dtype=self.dtype)

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is self.dtype

    def __repr__(self) -> str:
        return f"<class '{dtypes.PREFIX}.{self.__name__}'>"


FloatTensor = LegacyType(dtypes.float32)
DoubleTensor = LegacyType(dtypes.float64)
HalfTensor = LegacyType(dtypes.float16)
ByteTensor = LegacyType(dtypes.uint8)
CharTensor = LegacyType(dtypes.int8)
ShortTensor = LegacyType(dtypes.int16)
IntTensor = LegacyType(dtypes.int32)
LongTensor = LegacyType(dtypes.int64)
BoolTensor = LegacyType(dtypes.bool_)
