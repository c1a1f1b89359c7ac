"""Writing the pickle of a .pth file: Python's own pickler, which gives tensors PyTorch's names.

What it writes for tensors, shapes, types and devices is what PyTorch writes for its own, so PyTorch loads it with
`weights_only=True`. Objects of other classes are written as any pickle does, by the name of their class.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from minicnn.autograd.tensor import Parameter, Size, Tensor
from minicnn.backend import device, memory_of, to_device
from minicnn.dtypes import dtype
from minicnn.serialization.names import DEVICE, DTYPES, REBUILD_PARAMETER, REBUILD_TENSOR, SIZE, STORAGE_OF, Name

Pickler: Any = pickle._Pickler  # the one that is written in Python: the one in C writes no names of other packages
STORAGE_NAMES = {kind: Name("torch", name) for kind, name in STORAGE_OF.items()}


class Memory(NamedTuple):
    """The memory of tensors, an array of bytes, and what the file says of it."""

    array: np.ndarray[Any, Any]
    dtype: str
    key: str
    location: str

    @property
    def length(self) -> int:
        """How many numbers it holds."""
        return self.array.nbytes // DTYPES[self.dtype].itemsize


class Writer(Pickler):
    """A pickler that writes tensors as PyTorch does; `memories` collects their memory."""

    def __init__(self, file: BinaryIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.memories: list[Memory] = []
        self._known: dict[int, Memory] = {}  # by their address

    def persistent_id(self, obj: Any) -> Any:
        """The description of a tensor's memory, which stands in the pickle in place of the numbers."""
        if isinstance(obj, Memory):
            return ("storage", STORAGE_NAMES[obj.dtype], obj.key, obj.location, obj.length)
        return None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """Write `obj`; tensors, types, shapes and devices under PyTorch's names."""
        if not isinstance(obj, Tensor | Size | dtype | device | Name) or id(obj) in self.memo:
            super().save(obj, save_persistent_id)
        elif isinstance(obj, Name):
            self._name(obj, obj)
        elif isinstance(obj, dtype):
            self._name(Name("torch", obj.name), obj)
        elif isinstance(obj, Size):
            self._call(SIZE, (tuple(obj),), obj)
        elif isinstance(obj, device):
            self._call(DEVICE, (obj.type,) if obj.index is None else (obj.type, obj.index), obj)
        elif isinstance(obj, Parameter):
            self._call(REBUILD_PARAMETER, (obj.detach(), obj.requires_grad, OrderedDict()), obj)
        else:
            self._tensor(obj)

    def _name(self, name: Name, of: Any) -> None:
        self.write(pickle.GLOBAL + f"{name.module}\n{name.name}\n".encode())
        self.memoize(of)

    def _call(self, name: Name, arguments: tuple[Any, ...], result: Any) -> None:
        self.save(name)
        self.save(arguments)
        self.write(pickle.REDUCE)
        self.memoize(result)

    def _tensor(self, tensor: Tensor) -> None:
        array = to_device(tensor._plain_array(), "cpu")
        odd = any(step < 0 or step % array.itemsize for step in array.strides)
        found = None if odd else memory_of(array)
        if found is None or found[1] % array.itemsize:  # PyTorch has no such tensors
            array = array.copy()
            found = (array.ravel().view(np.uint8), 0)
        line, place = found
        memory = self._memory(line, array.dtype.name, str(tensor.device))
        stride = tuple(step // array.itemsize for step in array.strides)
        offset = place // array.itemsize
        arguments: Any = (memory, offset, array.shape, stride, tensor.requires_grad, OrderedDict())
        self._call(REBUILD_TENSOR, arguments, tensor)

    def _memory(self, line: np.ndarray[Any, Any], kind: str, location: str) -> Memory:
        """The note of this memory; the same for every tensor that lies in it."""
        address = line.ctypes.data
        memory = self._known.get(address)
        if memory is None:
            memory = self._known[address] = Memory(line, kind, str(len(self.memories)), location)
            self.memories.append(memory)
        if memory.dtype != kind:
            raise RuntimeError(
                f"two of the tensors share memory, one as {memory.dtype} and one as {kind}; a .pth file cannot "
                "hold that: save a `.clone()` of one of them"
            )
        return memory
