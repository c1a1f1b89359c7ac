"""Tensors in memory that other processes share: share_memory_, is_shared.

The memory is a file that is mapped, in /dev/shm where there is one. A process that is forked has it already; one that
is sent the tensor, as an argument or through a queue, maps the same file. The file goes with the tensor that made it.
"""

from __future__ import annotations

import mmap
import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.functional.common import check_tensor


class Segment(mmap.mmap):
    """A file's memory, which knows the file."""

    path: str


def _mapped(path: str, length: int) -> Segment:
    with open(path, "r+b") as file:
        segment = Segment(file.fileno(), length)
    segment.path = path
    return segment


def _created(length: int) -> Segment:
    import tempfile  # not at import

    folder = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
    number, path = tempfile.mkstemp(prefix="minicnn-", dir=folder)
    with os.fdopen(number, "r+b") as file:
        file.truncate(max(length, 1))
    segment = _mapped(path, max(length, 1))
    weakref.finalize(segment, _removed, path, os.getpid())
    return segment


def _removed(path: str, maker: int) -> None:
    if os.getpid() == maker:  # a forked process ends, too, and the file is not its own
        with suppress(OSError):  # on Windows, while another process has it
            Path(path).unlink()


def _segment(array: Any) -> Segment | None:
    """The shared memory that `array` is a part of."""
    while array is not None and not isinstance(array, Segment):
        array = getattr(array, "obj", None) if isinstance(array, memoryview) else getattr(array, "base", None)
    return array


@operation(method="is_shared")
def is_shared(input: Tensor) -> bool:
    """Whether other processes see the memory: after `share_memory_`, and on a GPU."""
    return input.is_cuda or _segment(check_tensor(input, "is_shared")._array) is not None


@operation(method="share_memory_")
def share_memory_(input: Tensor) -> Tensor:
    """Move a tensor into memory that processes share: what one of them writes, the others read.

    Views that were made before stay where they are. A tensor that is shared already, or on a GPU, stays as it is.

    >>> import minicnn
    >>> minicnn.ones(2).share_memory_().is_shared()
    True
    """
    if not is_shared(input):
        array = input._plain_array()
        moved = np.ndarray(array.shape, array.dtype, _created(array.nbytes))
        moved[...] = array
        input._array = moved
    from multiprocessing.reduction import ForkingPickler

    ForkingPickler.register(type(input), _reduced)
    return input


def _reduced(tensor: Tensor) -> Any:
    """How a tensor travels to another process: as the name of its memory, if that is shared."""
    array = tensor._plain_array()
    segment = _segment(array)
    if segment is None:
        return tensor.__reduce__()
    start = np.ndarray(1, np.uint8, segment).__array_interface__["data"][0]
    offset = array.__array_interface__["data"][0] - start
    place = (segment.path, len(segment), array.shape, array.dtype, offset, array.strides)
    return _attached, (type(tensor), *place, tensor.requires_grad)


def _attached(
    kind: type[Tensor], path: str, length: int, shape: Any, dtype: Any, offset: int, strides: Any, requires_grad: bool
) -> Tensor:
    Tensor.__init__(tensor := object.__new__(kind), np.ndarray(shape, dtype, _mapped(path, length), offset, strides))
    tensor.requires_grad = requires_grad
    return tensor
