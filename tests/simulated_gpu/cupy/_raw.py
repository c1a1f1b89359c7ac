"""CUDA C++: compiled as C++ by tests/simulated_gpu/shim.py, and run on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shim  # beside this package

from . import _memory
from ._array import ndarray
from ._streams import enqueue


class RawModule:
    """A .cu file's text, compiled when a function of it is asked for."""

    def __init__(
        self, *, code: str | None = None, path: str | None = None, options: tuple[str, ...] = (),
        backend: str = "nvrtc", translate_cucomplex: bool = False, enable_cooperative_groups: bool = False,
        name_expressions: Any = None, jitify: bool = False,
    ) -> None:  # fmt: skip
        if not isinstance(options, tuple):
            raise TypeError("compile options must be a tuple")
        if code is None:
            raise NotImplementedError("the stand-in compiles `code`, no file")
        self.code, self.options, self.backend = code, options, backend
        self._library: Any = None

    def compile(self, log_stream: Any = None) -> None:
        self._library = shim.compiled(self.code, (), self.options)

    def get_function(self, name: str) -> RawKernel:
        if self._library is None:
            self.compile()
        if name not in self._library.names:
            raise AttributeError(f"cudaErrorNotFound: named symbol not found: {name}")
        return RawKernel(self.code, name, self.options, library=self._library)


class RawKernel:
    """One function of a .cu file. `kernel(grid, block, args)` runs it."""

    def __init__(self, code: str, name: str, options: tuple[str, ...] = (), *, library: Any = None) -> None:
        self.code, self.name, self.options = code, name, options
        if library is None:
            module = RawModule(code=code, options=options)
            library = module.get_function(name).library
        self.library = library
        self.kernel = self
        self.max_dynamic_shared_size_bytes = 48 << 10

    def __call__(
        self, grid: tuple[int, ...], block: tuple[int, ...], args: Sequence[Any], *, shared_mem: int = 0
    ) -> None:
        shim.check_registers(block)
        fixed = [_fixed(arg) for arg in args]

        def by_address() -> list[np.ndarray]:
            return _memory.lines_at(_addresses(fixed))

        enqueue(lambda: self.library.launch(self.name, grid, block, fixed, by_address))


def _fixed(arg: Any) -> Any:
    """What a graph keeps of an argument: of arrays the address (they may be freed, and hold NaN then), of structs a
    copy."""
    if isinstance(arg, ndarray):
        return arg._host
    return arg.copy() if isinstance(arg, np.ndarray) else arg


def _addresses(args: Sequence[Any]) -> list[int]:
    """The addresses of arrays that come in tables, by value."""
    structs = [arg for arg in args if isinstance(arg, np.ndarray) and arg.dtype.names]
    tables = [struct["address"].ravel() for struct in structs if "address" in struct.dtype.names]
    return [int(address) for table in tables for address in table if address]
