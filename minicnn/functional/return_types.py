"""What operations with several named results return: `x.max(1).values`, `values, indices = x.max(1)`."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from minicnn import dtypes


def named(name: str, *fields: str) -> Any:
    """A tuple type with these fields that prints as PyTorch's return types."""

    def __repr__(self: Any) -> str:
        lines = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"{dtypes.PREFIX}.return_types.{name}(\n{lines})"

    base: Any = namedtuple(name, fields)  # type: ignore[misc]
    return type(name, (base,), {"__repr__": __repr__, "__slots__": (), "__module__": __name__})
