"""CUDA C++ on the CPU: a .cu file compiled as C++ through tests/kernels/cuda_shim.h, and its kernels launched.

    library = compiled(text, [folder of headers])
    library.launch("im2col_4", grid=(4,), block=(256,), args=(x, columns, geometry))

Arguments are arrays (the kernel gets the pointer), NumPy scalars of the exact type, and one-element structured
arrays by value: what CuPy takes. What CuPy would not notice is an error here: another number of arguments, a
scalar or a struct of another size, an array whose numbers have another size than the kernel's pointer says.

MINICNN_SHIM_ORDER is the order of the blocks and of the threads between two barriers: `forwards`, `backwards`, or a
number, which seeds a random order. A kernel whose result depends on it has a race.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEADER = Path(__file__).parents[1] / "kernels" / "cuda_shim.h"
# NVRTC knows "#pragma unroll". Hidden symbols, so that libraries share nothing; no contraction, so that a·b + c is
# rounded as it is written; no _FORTIFY_SOURCE, which takes a jump to another stack for an attack.
FLAGS = ("-std=c++17", "-O1", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror",
         "-Wno-unknown-pragmas", "-U_FORTIFY_SOURCE",
         "-fsanitize=bounds,alignment,shift,signed-integer-overflow,integer-divide-by-zero")  # fmt: skip
ORDERS = {"forwards": 0, "backwards": 1}
ORDER = "MINICNN_SHIM_ORDER"
MOST_THREADS = 256

launches: set[str] = set()  # the kernels that ran
_launching = threading.Lock()  # there is one blockIdx in a library


class Argument(ctypes.Structure):
    """shim::Argument."""

    _fields_ = (("kind", ctypes.c_char), ("size", ctypes.c_uint))


def why_not() -> str | None:
    """None where kernels can be compiled, else what is missing."""
    return None if _compiler() else "no C++ compiler (c++, g++ or clang++), so .cu files cannot run on the CPU"


@functools.cache
def _compiler() -> str | None:
    return shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")


@functools.cache
def _version() -> bytes:
    return subprocess.run([str(_compiler()), "--version"], capture_output=True, check=True).stdout


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept: beside minicnn's own, or where nobody else can write."""
    kept = os.environ.get("MINICNN_CACHE")
    return Path(kept) / "shim" if kept else Path(tempfile.gettempdir()) / f"minicnn-shim-{os.getuid()}"


def compiled(text: str, include_dirs: Sequence[Path | str] = (), options: Sequence[str] = ()) -> Any:
    """The library of a .cu file's text; RuntimeError with the compiler's words where it does not compile.

    `options` are NVRTC's: -D and -I count, the others mean nothing here. With MINICNN_TEST_CUDA=ptx NVRTC compiles it,
    and ptx_machine executes the result.
    """
    if os.environ.get("MINICNN_TEST_CUDA") == "ptx":
        import ptx_machine  # beside this file, with MINICNN_TEST_GPU=simulated

        return ptx_machine.compiled(text, (*options, *(f"-I{folder}" for folder in include_dirs)))
    return _compiled(text, (*(f"-I{folder}" for folder in include_dirs), *_known(options)))


@functools.lru_cache(maxsize=256)
def _compiled(text: str, options: tuple[str, ...]) -> Library:
    reason = why_not()
    if reason is not None:
        raise RuntimeError(reason)
    plain, names = _preprocessed(text, options)
    key = hashlib.sha256("\0".join([plain, HEADER.read_text(encoding="utf-8"), *FLAGS, *options]).encode() + _version())
    file = cache_folder() / f"{key.hexdigest()[:32]}.so"
    if not file.is_file():
        main = ['#include "cuda_shim.h"', '#line 1 "kernel.cu"', text, *(f"SHIM_KERNEL({name})" for name in names)]
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:  # two processes may compile the same one
            made = Path(folder) / "kernel"
            headers = ["-isystem", str(HEADER.parent)]
            _run(["-x", "c++", *FLAGS, *headers, *options, "-c", "-o", f"{made}.o", "-"], "\n".join(main) + "\n")
            _run(["-shared", "-o", f"{made}.so", f"{made}.o"])  # here -fsanitize would bring the compiler's own library
            Path(f"{made}.so").replace(file)
    return Library(ctypes.CDLL(str(file)), names)


def names(text: str, options: Sequence[str]) -> list[str]:
    """The kernels in a .cu file's text, however macros made them."""
    return _preprocessed(text, _known(options))[1]


def _known(options: Sequence[str]) -> tuple[str, ...]:
    """Those of NVRTC's options that mean something to the C++ compiler."""
    return tuple(text for text in options if text.startswith(("-D", "-I")) and "MINICNN_SOURCES" not in text)


def _preprocessed(text: str, options: Sequence[str]) -> tuple[str, list[str]]:
    plain = _run(["-x", "c++", "-std=c++17", "-E", "-P", *options, "-"], text)  # the words of CUDA are still in it
    kernel = r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\('
    return plain, re.findall(kernel, plain)


def _run(options: Sequence[str], text: str = "") -> str:
    done = subprocess.run([str(_compiler()), *options], input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the C++ compiler refuses a .cu file:\n{done.stderr}")
    return done.stdout


class Library:
    """The kernels of one .cu file."""

    def __init__(self, library: ctypes.CDLL, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._library = library
        self._arguments: dict[str, list[tuple[str, int]]] = {}

    def arguments(self, name: str) -> list[tuple[str, int]]:
        """(kind, bytes) of each argument: p a pointer to numbers of so many bytes, f and i numbers, s a struct."""
        if name not in self.names:
            raise RuntimeError(f"there is no kernel {name!r} in the .cu file; kernels: {', '.join(self.names)}")
        if name not in self._arguments:
            there = (Argument * 64)()
            count = getattr(self._library, f"arguments_{name}")(there)
            self._arguments[name] = [(a.kind.decode(), a.size) for a in there[:count]]
        return self._arguments[name]

    def launch(
        self, name: str, grid: Sequence[int], block: Sequence[int], args: Sequence[Any],
        also: Callable[[], Sequence[Any]] = list,
    ) -> None:  # fmt: skip
        """Run a kernel; returns when it has ended. RuntimeError for what a GPU would not tell, or tell too late. It may
        reach the arrays that `also` finds by addresses in a table: here nobody asks what belongs to whom."""
        expected = self.arguments(name)
        if len(args) != len(expected):
            raise TypeError(f"{name} takes {len(expected)} arguments, not {len(args)}")
        values = [
            _value(arg, kind, size, f"argument {i} of {name}")
            for i, (arg, (kind, size)) in enumerate(zip(args, expected, strict=True))
        ]
        grid, block = _shape(grid, (2**31 - 1, 65535, 65535), "grid"), _shape(block, (1024, 1024, 64), "block")
        if block[0] * block[1] * block[2] > 1024:
            raise RuntimeError(f"a block of {block} has more than 1024 threads")
        addresses = (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))
        start = getattr(self._library, f"launch_{name}")
        start.restype = ctypes.c_char_p
        with _launching:
            error = start((ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block), addresses, order())
        if error:
            raise RuntimeError(f"{name}: {error.decode()}")
        launches.add(name)


def check_registers(block: Sequence[int]) -> None:
    """RuntimeError for a block that a GPU may refuse ("too many resources requested for launch"): a multiprocessor has
    65,536 registers and a thread takes 255 at most, so blocks of 256 threads always find room."""
    if math.prod(block) > MOST_THREADS:
        raise RuntimeError(
            f"a block of {tuple(block)}: a kernel with 255 registers has room for {MOST_THREADS} threads"
        )


def order() -> int:
    """The order that MINICNN_SHIM_ORDER asks for, as the shim's number."""
    wanted = os.environ.get(ORDER) or "forwards"
    return ORDERS[wanted] if wanted in ORDERS else 2 + int(wanted) % (2**31)


def _shape(shape: Sequence[int], most: Sequence[int], what: str) -> tuple[int, ...]:
    whole = (*shape, *(1,) * (3 - len(shape)))
    if len(whole) != 3 or not all(0 < n <= limit for n, limit in zip(whole, most, strict=True)):
        raise RuntimeError(f"a {what} of {tuple(shape)}: CUDA takes 1 to {most} in each direction")
    return whole


def _value(arg: Any, kind: str, size: int, which: str) -> np.ndarray[Any, Any]:
    """An array of one element that holds what the kernel gets."""
    if kind == "p":
        if isinstance(arg, np.ndarray):
            interface = arg.__array_interface__
        elif hasattr(arg, "__cuda_array_interface__"):
            interface = arg.__cuda_array_interface__
        else:
            raise TypeError(f"{which} is a pointer, and no array was given but {type(arg).__name__}")
        itemsize = np.dtype(interface["typestr"]).itemsize
        if 1 not in (itemsize, size) and size not in (0, itemsize):
            raise TypeError(f"{which} points to numbers of {size} bytes, those of the array have {itemsize}")
        return np.array([interface["data"][0]], np.uintp)
    if not isinstance(arg, (np.generic, np.ndarray)) or arg.size != 1:
        raise TypeError(f"{which} is {type(arg).__name__}: a NumPy scalar or a one-element array says its exact type")
    given = {"f": "f", "i": "i", "u": "i", "b": "i", "V": "s"}.get(arg.dtype.kind)
    if (given, arg.dtype.itemsize) != (kind, size):
        wanted = {"f": "a float", "i": "a whole number", "s": "a struct"}[kind]
        raise TypeError(f"{which} is {wanted} of {size} bytes, not {arg.dtype}")
    return np.array(arg).reshape(1)
