"""Making tensors: from data, filled, counted.

Every function takes `dtype` (default: by the values, or `get_default_dtype()`), `device` (default: the CPU)
and `requires_grad`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import default_device, made, on_cpu, on_gpu, resolve, to_device
from minicnn.backend import device as _device
from minicnn.functional.common import check_tensor
from minicnn.functional.conversion import to
from minicnn.kernels.recorder import recorder
from minicnn.rounding import fma32, fma64

# --- sizes and wrapping -----------------------------------------------------------------------------


def as_size(size: Any, name: str, *, negative: bool = False, needed: bool = False) -> tuple[int, ...]:
    """The shape given as `f(2, 3)` or as `f((2, 3))`: a tuple of ints. RuntimeError for a negative length
    (unless `negative`), TypeError for what is not a whole number, and for no number at all if `needed`."""
    if needed and size == ():
        raise TypeError(f"{name}() misses `size`: {name}(2, 3) or {name}((2, 3)), {name}(()) for a single number")
    if not isinstance(size, tuple | list):
        size = (size,)
    if len(size) == 1 and isinstance(size[0], tuple | list):
        size = size[0]
    try:
        result = tuple(n.__index__() for n in size)
    except (AttributeError, TypeError):
        raise TypeError(f"{name}(): `size` must be whole numbers or a tuple of them, got {size!r}") from None
    if not negative and any(n < 0 for n in result):
        bad = next(n for n in result if n < 0)
        raise RuntimeError(f"Trying to create tensor with negative dimension {bad}: {list(result)}")
    return result


def place_of(device: Any) -> Any:
    """The device that `device=` names; without one, where new tensors are made."""
    return default_device() if device is None else resolve(device)


def finished(array: Any, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`array` as a leaf on `device` (where new tensors are made without one); RuntimeError when integers are to require
    grad."""
    result = Tensor(array if device is None and not on_cpu(array) else to_device(array, place_of(device)))
    if recorder.tape is not None:
        recorder.tape.constant(result._array)
    return result.requires_grad_() if requires_grad else result


def _kind(dtype: Any) -> np.dtype[Any]:
    return dtypes.get_default_dtype().numpy if dtype is None else dtypes.as_numpy(dtype)


# --- from data --------------------------------------------------------------------------------------


@operation()
def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested sequences of numbers, an array or a Tensor.

    Python floats become the default dtype, ints int64, bools bool; arrays keep their type. ValueError for
    sequences of unequal length, TypeError for what is not a number.
    """
    array = _array_of(data, dtype)
    if device is None and isinstance(data, Tensor):
        device = data.device
    if recorder.tape is not None and isinstance(data, np.ndarray | Tensor):
        recorder.tape.refuse("makes a tensor of numbers that a replay would not see change")
    if hasattr(data, "__array__") or hasattr(data, "__cuda_array_interface__"):  # else it is new
        array = array.copy(order="C")
    return finished(array, device, requires_grad)


@operation()
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where it is already an array or Tensor of that type and device."""
    if isinstance(data, Tensor):
        return to(data, device=device, dtype=dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtypes.as_numpy(dtype) == data.dtype):
        return finished(from_numpy(data)._array, device)
    return finished(_array_of(data, dtype), device)


@operation()
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor: as `as_tensor`, or with `copy=True` always with memory of its own."""
    if copy:
        return tensor(obj.detach() if isinstance(obj, Tensor) else obj, dtype, device, requires_grad)
    result = as_tensor(obj, dtype, device)
    return result.requires_grad_() if requires_grad else result


@operation()
def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of one number, in the default dtype."""
    return finished(np.asarray(s, _kind(dtype)), device, requires_grad)


_DLPACK_CUDA = (2, 13)  # DLPack's numbers for memory of the GPU, and for managed memory


@operation()
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor on the memory of another library's array (that has `__dlpack__`)."""
    if isinstance(ext_tensor, Tensor):
        return Tensor(ext_tensor.detach()._plain_array())
    kind, index = ext_tensor.__dlpack_device__()
    if kind not in _DLPACK_CUDA:
        return Tensor(np.from_dlpack(ext_tensor))
    with on_gpu(_device("cuda", index)) as cupy:
        return Tensor(cupy.from_dlpack(ext_tensor))


@operation()
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor on the memory of a buffer (bytes, bytearray, array.array), `offset` bytes in.

    ValueError for an empty buffer, or one whose length is no multiple of the type's.
    """
    array = np.frombuffer(buffer, dtypes.as_numpy(dtype), count, offset)
    return finished(array if array.flags.writeable else array.copy(), None, requires_grad)


@operation()
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: writing to one changes the other.

    TypeError for anything else and for types that minicnn lacks, ValueError for negative strides or foreign
    byte order (pass a copy).
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one of the strides in the given numpy array is negative, and tensors with negative "
            "strides are not supported; pass array.copy()"
        )
    if not ndarray.dtype.isnative:
        raise ValueError(f"`ndarray` has byte order {ndarray.dtype.byteorder!r}; pass one in native order")
    dtypes.from_numpy(ndarray.dtype)
    if recorder.tape is not None:
        recorder.tape.refuse("brings in numbers of NumPy's, which a replay would not see change")
    return Tensor(ndarray)


def _array_of(data: Any, dtype: Any) -> Any:
    """`data` as an array of `dtype`, or of the type its elements stand for."""
    if isinstance(data, Tensor):
        array = data._plain_array()
    elif isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
    elif hasattr(data, "__cuda_array_interface__"):
        with on_gpu(_device("cuda")) as cupy:
            array = cupy.asarray(data)
    elif hasattr(data, "__array__") and not isinstance(data, list | tuple | int | float):
        array = np.asarray(data)
    else:
        kind = _infer(data)  # TypeError, RuntimeError for what is no number
        kind = kind if dtype is None else dtypes.as_numpy(dtype)
        try:
            return np.array(_nested(data), dtype=kind)
        except OverflowError as error:
            if kind.kind == "u" and _farthest(data) <= np.iinfo(kind).max:  # -1 as uint8 is 255
                return np.array(_nested(data), dtype=np.int64).astype(kind)
            raise RuntimeError(f"`data` cannot be converted to {kind} without overflow: {error}") from None
        except ValueError as error:
            raise ValueError(f"`data` must be sequences of equal length: {error}") from None
    dtypes.from_numpy(array.dtype)
    return array if dtype is None else array.astype(dtypes.as_numpy(dtype), copy=False)


def _infer(data: Any) -> np.dtype[Any]:
    """The type for a number or nested sequences of numbers: the highest among the elements."""
    if isinstance(data, Tensor | np.ndarray | np.generic) and not isinstance(data, float):
        return dtypes.from_numpy(data._array.dtype if isinstance(data, Tensor) else data.dtype).numpy
    if isinstance(data, bool | int | float):
        return dtypes.of_scalar(data)
    if isinstance(data, complex):
        raise TypeError(f"`data` holds the complex number {data}; minicnn has no complex types")
    if isinstance(data, str | bytes):
        raise TypeError(f"`data` holds {data!r}; expected numbers")
    if not isinstance(data, list | tuple | range):
        if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}: `data` must hold numbers")
        data = [data[i] for i in range(len(data))]
    kinds = {type(x): x for x in data}
    if kinds.keys() <= {bool, int, float}:  # one element stands for all of its type
        data = kinds.values()
    found = {_infer(x) for x in data}
    return dtypes.result_type(*(np.empty(1, k) for k in found)) if found else dtypes.get_default_dtype().numpy


def _farthest(data: Any) -> Any:
    """The largest distance of a number from 0."""
    return max(abs(number) for number in np.array(data, dtype=object).ravel().tolist())


def _nested(data: Any) -> Any:
    """Nested sequences with every Tensor in them as a NumPy array."""
    if isinstance(data, Tensor):
        return data.numpy(force=True)
    if isinstance(data, list | tuple) and any(not isinstance(x, int | float) for x in data):
        return [_nested(x) for x in data]
    return data


# --- filled -----------------------------------------------------------------------------------------


def _filled(function: str, device: Any, requires_grad: bool, *args: Any) -> Tensor:
    place = place_of(device)
    return finished(made(function, place, *args), place, requires_grad)


@operation()
def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` (`zeros(2, 3)` or `zeros((2, 3))`) filled with 0."""
    return _filled("zeros", device, requires_grad, as_size(size, "zeros", needed=True), _kind(dtype))


@operation()
def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` filled with 1."""
    return _filled("ones", device, requires_grad, as_size(size, "ones", needed=True), _kind(dtype))


@operation()
def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` whose values are whatever the memory held."""
    return _filled("empty", device, requires_grad, as_size(size, "empty", needed=True), _kind(dtype))


@operation()
def full(size: Any, fill_value: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` filled with `fill_value`, of its type unless `dtype` says otherwise."""
    if not isinstance(size, tuple | list):
        raise TypeError(f"full(): argument `size` must be tuple of ints, not {type(size).__name__}: got {size!r}")
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    if not isinstance(value, int | float | np.number | np.bool_):
        raise TypeError(f"full(): argument `fill_value` must be Number, not {type(value).__name__}: got {value!r}")
    kind = dtypes.of_scalar(value) if dtype is None else dtypes.as_numpy(dtype)
    return _filled("full", device, requires_grad, as_size(size, "full"), value, kind)


def _like(input: Tensor, dtype: Any, device: Any) -> tuple[np.dtype[Any], Any]:
    check_tensor(input, "this function")
    return input._array.dtype if dtype is None else dtypes.as_numpy(dtype), input.device if device is None else device


@operation()
def zeros_like(input: Tensor, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 everywhere, with the shape (and type and device) of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("zeros", place, requires_grad, input._array.shape, kind)


@operation()
def ones_like(input: Tensor, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 everywhere, with the shape (and type and device) of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("ones", place, requires_grad, input._array.shape, kind)


@operation()
def empty_like(input: Tensor, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised, with the shape (and type and device) of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("empty", place, requires_grad, input._array.shape, kind)


@operation()
def full_like(
    input: Tensor, fill_value: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` everywhere, with the shape (and type and device) of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("full", place, requires_grad, input._array.shape, fill_value, kind)


@operation(method="new_zeros")
def new_zeros(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 in shape `size`, with the type and device of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("zeros", place, requires_grad, as_size(size, "new_zeros"), kind)


@operation(method="new_ones")
def new_ones(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 in shape `size`, with the type and device of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("ones", place, requires_grad, as_size(size, "new_ones"), kind)


@operation(method="new_empty")
def new_empty(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised in shape `size`, with the type and device of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("empty", place, requires_grad, as_size(size, "new_empty"), kind)


@operation(method="new_full")
def new_full(
    input: Tensor,
    size: Any,
    fill_value: Any,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`fill_value` in shape `size`, with the type and device of `input`."""
    kind, place = _like(input, dtype, device)
    return _filled("full", place, requires_grad, as_size(size, "new_full"), fill_value, kind)


@operation(method="new_tensor")
def new_tensor(input: Tensor, data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of `data`, with the type and device of `input`."""
    kind, place = _like(input, dtype, device)
    result: Tensor = tensor(data, kind, place, requires_grad)
    return result


# --- counted ----------------------------------------------------------------------------------------


@operation()
def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, … up to but without `end`, shape (⌈(end - start) / step⌉,); `arange(end)` from 0.

    int64 if all arguments are whole numbers. RuntimeError where `step` is 0 or leads away from `end`.
    """
    if start is None and end is None:
        raise TypeError("arange() missing 1 required positional argument: 'end'")
    start, end = (0, start) if end is None else (start or 0, end)
    start, end, step = (x.item() if isinstance(x, Tensor | np.generic) else x for x in (start, end, step))
    if step == 0:
        raise RuntimeError(f"`step` must be nonzero, got {step}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: start {start}, end {end}, step {step}"
        )
    if dtype is not None:
        kind = dtypes.as_numpy(dtype)
    else:
        whole = not any(isinstance(x, float) for x in (start, end, step))
        kind = np.dtype(np.int64) if whole else _kind(None)
    count = math.ceil((end - start) / step)
    return finished((start + np.arange(count) * step).astype(kind), device, requires_grad)


@operation()
def linspace(
    start: Any, end: Any, steps: int, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced numbers from `start` to `end`, both included, shape (steps,)."""
    return finished(_evenly(start, end, steps, _kind(dtype)), device, requires_grad)


def _evenly(start: Any, end: Any, steps: int, kind: np.dtype[Any]) -> np.ndarray:
    """The numbers of `linspace`, to the last bit: counted from the nearer end, rounded once."""
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"linspace(): argument `steps` must be int, not {type(steps).__name__}: got {steps!r}")
    if steps < 0:
        raise RuntimeError(f"number of `steps` must be non-negative, got {steps}")
    here = kind if kind in (np.float32, np.float64) else np.dtype(np.float64)
    first, last, count = here.type(float(start)), here.type(float(end)), int(steps)
    if count < 2:
        return np.full(count, first).astype(kind)
    step = (last - first) / here.type(count - 1)
    forth = np.arange(count, dtype=here)
    fused = fma32 if here == np.float32 else fma64
    values = np.where(forth < count // 2, fused(forth, step, first), fused(forth[::-1].copy(), -step, last))
    return values.astype(kind)


@operation()
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """base^start … base^end, `steps` numbers whose logarithms are evenly spaced, shape (steps,)."""
    kind = _kind(dtype)
    exponents = _evenly(start, end, steps, kind if kind.kind == "f" else np.dtype(np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.power(exponents.dtype.type(base), exponents)
    return finished(values.astype(kind), device, requires_grad)


@operation()
def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 on the main diagonal and 0 elsewhere, shape (n, m); `m` is `n` if left out."""
    if isinstance(n, bool) or isinstance(m, bool):
        raise TypeError(f"eye(): `n` and `m` must be int, got {n!r} and {m!r}")
    rows, columns = as_size((n, n if m is None else m), "eye")
    return _filled("eye", device, requires_grad, rows, columns, 0, _kind(dtype))


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)
