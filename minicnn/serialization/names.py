"""The names of PyTorch that a .pth file uses, and what stands for them here. Reader and writer share them."""

from __future__ import annotations

from typing import NamedTuple

from minicnn import dtypes

STORAGES = {  # what a .pth file calls the memory of each number type
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}  # fmt: skip
STORAGE_OF = {kind: name for name, kind in STORAGES.items()}

DTYPES = {kind.name: kind for kind in (*dtypes.ALL, dtypes.bfloat16)}
FOREIGN_DTYPES = {  # PyTorch has them
    "bfloat16", "complex32", "complex64", "complex128", "uint16", "uint32", "uint64", "quint8", "qint8", "qint32",
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
}.difference(DTYPES)  # fmt: skip


class Name(NamedTuple):
    """A global name as a pickle writes it, e.g. Name("torch", "FloatStorage")."""

    module: str
    name: str


ORDERED_DICT = Name("collections", "OrderedDict")
REBUILD_TENSOR = Name("torch._utils", "_rebuild_tensor_v2")
REBUILD_PARAMETER = Name("torch._utils", "_rebuild_parameter")
SIZE = Name("torch", "Size")
DEVICE = Name("torch", "device")
