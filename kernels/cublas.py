"""Matrix products by cuBLAS, in a form that may be captured in a CUDA graph.

CuPy refuses every cuBLAS call while a stream is being captured, because cuBLAS would then allocate memory. It does not
where it was given memory before, but CuPy's interface has no cublasSetWorkspace. So the library is called by ctypes,
with a handle of our own for each thread and device, and the memory it may use is part of a plan's scratch.

cuBLAS counts along columns. A matrix in plain order is to it the transpose, and C = A·B in plain order is
Cᵀ = Bᵀ·Aᵀ along columns: the factors change places, and nothing is moved.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any, NamedTuple

import numpy as np

WORKSPACE = 32 << 20  # bytes, as NVIDIA advises for Hopper; elsewhere less would do
NOT_TRANSPOSED, TRANSPOSED = 0, 1  # cublasOperation_t
TYPES = {"float32": 0, "float64": 1}  # cudaDataType_t
SUMS = {"float32": 68, "float64": 70}  # cublasComputeType_t: CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_64F
TF32_SUMS = 77  # CUBLAS_COMPUTE_32F_FAST_TF32
DEFAULT = -1  # CUBLAS_GEMM_DEFAULT

_here = threading.local()
_lock = threading.Lock()
_library: Any = None


class Matrix(NamedTuple):
    """Where a matrix lies: the address of its first number, the steps along its rows and its columns (one of them is
    1), and the way from one matrix of a batch to the next, in elements."""

    address: int
    row_step: int
    column_step: int
    batch_step: int = 0


def multiply(
    a: Matrix, b: Matrix, c: Matrix, lengths: tuple[int, int, int], batch: int, dtype: Any, workspace: Any,
    add: bool = False, tf32: bool = False,
) -> None:  # fmt: skip
    """C = A·B, or with `add` C += A·B, for `batch` pairs of matrices of lengths (M, N, K); C in plain order. On CuPy's
    current stream; `workspace` is an array of WORKSPACE bytes."""
    import cupy

    M, N, K = lengths
    library, handle = _loaded(), _handle(cupy.cuda.runtime.getDevice())
    number = ctypes.c_double if dtype.name == "float64" else ctypes.c_float
    one, rest = number(1), number(1 if add else 0)
    kind, sums = TYPES[dtype.name], TF32_SUMS if tf32 and dtype.name == "float32" else SUMS[dtype.name]
    _check("cublasSetStream", library.cublasSetStream_v2(handle, _pointer(cupy.cuda.get_current_stream().ptr)))
    # Setting the stream takes the workspace away, so it is given each time.
    size = ctypes.c_size_t(workspace.size)
    _check("cublasSetWorkspace", library.cublasSetWorkspace_v2(handle, _pointer(workspace.data.ptr), size))
    operands = []
    for matrix, rows, columns in ((b, K, N), (a, M, K)):
        plain = matrix.column_step == 1
        leading = max(1, matrix.row_step if plain else matrix.column_step, columns if plain else rows)
        step = ctypes.c_longlong(matrix.batch_step)
        operands.append((NOT_TRANSPOSED if plain else TRANSPOSED, (_pointer(matrix.address), kind, leading, step)))
    (b_way, b_numbers), (a_way, a_numbers) = operands
    status = library.cublasGemmStridedBatchedEx(
        handle, b_way, a_way, N, M, K, ctypes.byref(one), *b_numbers, *a_numbers, ctypes.byref(rest),
        _pointer(c.address), kind, max(1, c.row_step, N), ctypes.c_longlong(c.batch_step), batch, sums, DEFAULT,
    )  # fmt: skip
    _check("cublasGemmStridedBatchedEx", status)


def _pointer(address: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(address))


def _check(name: str, status: int) -> None:
    if status:
        raise RuntimeError(f"cuBLAS refused: {name} returned the status {status} (cublasStatus_t)")


def _loaded() -> Any:
    """The library that CuPy uses, too."""
    global _library
    with _lock:
        if _library is None:
            from cuda.pathfinder import load_nvidia_dynamic_lib  # CuPy depends on it

            _library = ctypes.CDLL(load_nvidia_dynamic_lib("cublas").abs_path)
        return _library


def _handle(device: int) -> ctypes.c_void_p:
    """This thread's handle on `device`: made at the first product, which must not be part of a capture."""
    handles = _here.__dict__.setdefault("handles", {})
    if device not in handles:
        handle = ctypes.c_void_p()
        _check("cublasCreate", _loaded().cublasCreate_v2(ctypes.byref(handle)))
        handles[device] = handle
    found: ctypes.c_void_p = handles[device]
    return found


def address(array: Any, element: int = 0) -> int:
    """Where an element of a CuPy array lies, counted along its memory."""
    place: int = array.data.ptr + element * np.dtype(array.dtype).itemsize
    return place
