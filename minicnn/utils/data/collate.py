"""From samples to a batch, and from indices to samples."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.functional import from_numpy, stack, tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples together: their tensors, arrays and numbers get the batch as first axis.

    Tensors and arrays of shape (...) become (N, ...); floats become float64, ints int64; strings stay a list.
    Mappings, named tuples and sequences are entered; a tuple becomes a list, as in PyTorch.
    TypeError for anything else; RuntimeError if samples differ in shape or length.

    >>> default_collate([(1, 0.5), (2, 0.25)])
    [tensor([1, 2]), tensor([0.5000, 0.2500], dtype=minicnn.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUOV":
            raise TypeError(_cannot_collate(first.dtype))
        return stack([from_numpy(np.ascontiguousarray(array)) for array in batch], 0)
    if isinstance(first, np.bool_ | np.number):
        return from_numpy(np.array(batch))
    if isinstance(first, float):
        return from_numpy(np.array(batch, dtype=np.float64))
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):  # a named tuple
        return type(first)(*map(default_collate, zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise TypeError(_cannot_collate(type(first)))


def default_convert(data: Any) -> Any:
    """Turn the arrays within one sample into tensors: what `batch_size=None` does."""
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in "SUOV" else from_numpy(data)
    if isinstance(data, np.bool_ | np.number):
        return from_numpy(np.array(data))
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        converted = [default_convert(value) for value in data]
        return converted if isinstance(data, tuple) else _like(data, converted)
    return data


def pinned_batch(data: Any) -> Any:
    """The tensors within a batch (and what else has a method `pin_memory`) pinned; anything else as it is."""
    if hasattr(data, "pin_memory"):
        return data.pin_memory()
    if isinstance(data, Mapping):
        return _like(data, {key: pinned_batch(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(pinned_batch, data))
    if isinstance(data, tuple):
        return tuple(map(pinned_batch, data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like(data, [pinned_batch(value) for value in data])
    return data


def _like(kind: Any, content: Any) -> Any:
    """`content` as the type of `kind`, or as it is where that type takes no such argument (`range`)."""
    with contextlib.suppress(TypeError):
        return type(kind)(content)
    return content


def _cannot_collate(kind: object) -> str:
    fix = "end the transform with ToTensor()" if "PIL" in str(kind) else "convert it, or pass a collate_fn"
    expected = "tensors, numpy arrays, numbers, dicts or lists"
    return f"default_collate: batch must contain {expected}; found {kind}: {fix}"


def batch_reader(dataset: Any) -> Callable[[Any], Any] | None:
    """The data set's `get_batch` (see :class:`Dataset`), or None if it has none that may be used.

    A subclass that redefines `__getitem__` below the class that wrote `get_batch` wants its samples changed.
    """
    for cls in type(dataset).__mro__:
        if "get_batch" in vars(cls):
            reader: Callable[[Any], Any] = dataset.get_batch
            return reader
        if "__getitem__" in vars(cls) or "__getitems__" in vars(cls):
            return None
    return None


def read_samples(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """The samples at `indices`: by the data set's `__getitems__` where it has one, else one by one."""
    if callable(getattr(dataset, "__getitems__", None)):
        return list(dataset.__getitems__(indices))
    return [dataset[i] for i in indices]


def read_batch(dataset: Any, indices: Sequence[Any]) -> Any:
    """The default-collated batch of the samples at `indices`, in one go where the data set can."""
    reader = batch_reader(dataset)
    if reader is None:
        return default_collate(read_samples(dataset, indices))
    batch = reader(np.asarray(indices, dtype=np.int64))
    return list(batch) if type(batch) is tuple else batch  # default_collate too makes lists of tuples
