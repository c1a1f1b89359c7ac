"""cupy.ndarray: a NumPy array in a box that lets nobody in by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import _memory
from ._streams import Device, capturing, catch_up, enqueue, fetch, here, host_waits

TYPES = "?bBhHiIlLqQefdFDEV"  # of elements; E is ml_dtypes.bfloat16, V a struct


class Flags:
    """Whether the elements lie in C or in Fortran order, and whether the memory is the array's own."""

    def __init__(self, host: np.ndarray, owndata: bool) -> None:
        self.c_contiguous = bool(host.flags.c_contiguous)
        self.f_contiguous = bool(host.flags.f_contiguous)
        self.owndata = owndata
        self.fnc = self.f_contiguous and not self.c_contiguous
        self.forc = self.f_contiguous or self.c_contiguous

    def __getitem__(self, name: str) -> bool:
        return bool(getattr(self, name.lower()))


class ndarray:
    """An array on the GPU. NumPy's functions and arrays refuse it, and it refuses them, as with CuPy."""

    __module__ = "cupy"
    __slots__ = ("_device", "_host", "_memory", "base")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: str = "C"
    ) -> None:
        shape, dtype = (shape,) if np.ndim(shape) == 0 else tuple(shape), checked(np.dtype(dtype))
        pointer = memptr
        if pointer is None:
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            pointer = _memory.allocating(here.device).malloc(size)
        self._host = np.ndarray(shape, dtype, pointer.mem.line, pointer.offset, strides, order)
        self._memory = pointer.mem
        self._device = pointer.device_id
        self.base: ndarray | None = None

    # --- what it is -----------------------------------------------------------------------------

    shape = property(lambda self: self._host.shape, lambda self, shape: setattr(self._host, "shape", shape))
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: Flags(self._host, self.base is None))
    device = property(lambda self: Device(self._device))
    data = property(lambda self: _memory.MemoryPointer(self._memory, self._host.ctypes.data - self._memory.ptr))
    T = property(lambda self: wrapped(self._host.T, (self,)))
    real = property(lambda self: wrapped(self._host.real, (self,)))
    imag = property(lambda self: wrapped(self._host.imag, (self,)))

    @property
    def mT(self) -> ndarray:
        return wrapped(self._host.mT, (self,))

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape, "typestr": self.dtype.str, "descr": self.dtype.descr, "version": 3, "stream": 1,
            "strides": None if self._host.flags.c_contiguous else self.strides,
            "data": (self._host.ctypes.data if self.size else 0, False),
        }  # fmt: skip

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        return self._host.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, self._device)  # kDLCUDA

    def __len__(self) -> int:
        return len(self._host)

    # --- to and from the host -------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        host_waits()
        if out is None:
            return np.array(self._host, order="C" if order == "A" and not self._host.flags.fnc else order)
        out[...] = self._host
        return out

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if not (self._host.flags.c_contiguous or self._host.flags.f_contiguous):
            raise RuntimeError("Cannot set to non-contiguous array")
        _send(arr, self)

    def item(self) -> Any:
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return self.get().tobytes(order)

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __complex__(self) -> complex:
        return complex(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)

    def __reduce__(self) -> Any:
        return array_of, (self.get(),)

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> ndarray:
        with Device(self._device):
            return self.copy()

    # --- elements -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[ndarray]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> ndarray:
        places, views = places_of(key)
        if not views and any(isinstance(p, np.ndarray) and p.dtype == bool for p in places):
            host_waits()  # for the number of elements
        if views:
            return wrapped(self._host[places], (self,))
        return computed(lambda: self._host[places_of(key)[0]], (self,))

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.shape != ():
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        if isinstance(value, list | tuple):
            value = array_of(np.asarray(value, self.dtype))
        places, _ = places_of(key)
        if isinstance(value, ndarray):
            if any(isinstance(p, np.ndarray) and p.dtype == bool for p in places):
                host_waits()
            value = value._host
        enqueue(quiet(lambda: self._host.__setitem__(places_of(key)[0], value)))

    def fill(self, value: Any) -> None:
        self[...] = value

    def view(self, dtype: Any = None, type: Any = None) -> ndarray:
        return wrapped(self._host.view() if dtype is None else self._host.view(checked(np.dtype(dtype))), (self,))

    def _set_shape_and_strides(self, shape: Any, strides: Any, c_contiguous: bool, f_contiguous: bool) -> None:
        self._host = np.lib.stride_tricks.as_strided(self._host, shape, strides)

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
    ) -> ndarray:
        if casting is not None or subok is not None:
            raise TypeError("casting and subok are not supported yet")
        dtype = checked(np.dtype(dtype))
        if not copy and dtype == self.dtype:
            return self
        if dtype.kind == "u" and self.dtype.kind == "f":  # what is below 0 becomes 0
            return computed(lambda: np.maximum(self._host, 0).astype(dtype, order), (self,))
        return computed(lambda: self._host.astype(dtype, order), (self,))

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> ndarray:
        result = self._host.reshape(*shape, order=order)
        if np.may_share_memory(result, self._host):
            return wrapped(result, (self,))
        return computed(lambda: self._host.reshape(*shape, order=order), (self,))

    def copy(self, order: str = "C") -> ndarray:
        result = computed(lambda: self._host.copy(order), (self,))
        result._device = here.device  # a copy is made on the current GPU, wherever the array is
        return result

    def scatter_add(self, slices: Any, value: Any) -> None:
        scatter_add(self, slices, value)

    def repeat(self, repeats: Any, axis: Any = None) -> ndarray:
        if isinstance(repeats, ndarray | np.ndarray):
            raise ValueError("`repeats` must be an int or a sequence of ints: an array would have to be read")
        return computed(lambda: self._host.repeat(repeats, axis), (self,))

    # --- NumPy's protocols ----------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        import cupy

        if ufunc.signature is not None or method not in ("__call__", "at", "reduce", "accumulate", "outer"):
            return NotImplemented
        ours = getattr(cupy, ufunc.__name__, None)
        if ours is None:
            return NotImplemented
        if "out" in options:
            (options["out"],) = options["out"]
        return ours(*inputs, **options) if method == "__call__" else getattr(ours, method)(*inputs, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        import cupy

        place: Any = cupy
        for part in function.__module__.split(".")[1:]:
            place = getattr(place, part, None)
        ours = getattr(place, function.__name__, None)
        if ours is None or not all(issubclass(kind, ndarray) for kind in types):
            return NotImplemented
        return ours(*args, **options)


def scatter_add(target: ndarray, slices: Any, value: Any) -> None:
    """Whole numbers only: what CuPy does with floating-point numbers is atomic, its order not fixed, and minicnn
    promises the same bits from run to run."""
    if target.dtype.char not in "iILQ":
        raise TypeError(
            f"scatter_add of {target.dtype}: CuPy has int32, uint32, uint64 and, atomically, floating-point numbers; "
            "minicnn adds nothing atomically"
        )
    enqueue(lambda: np.add.at(target._host, places_of(slices)[0], unboxed(value)))


# --- boxes ------------------------------------------------------------------------------------------


def checked(dtype: np.dtype) -> np.dtype:
    """`dtype`, if a GPU array can have it."""
    if dtype.char not in TYPES:
        raise ValueError(f"Unsupported dtype {dtype}")
    return dtype


def array_of(host: np.ndarray, blocking: bool = False) -> ndarray:
    """A copy of a NumPy array on the current device."""
    host = np.asarray(host)
    result = ndarray(host.shape, host.dtype, order="F" if host.flags.fnc else "C")
    if host.ndim:
        _send(host, result)
    else:  # an argument of a kernel, which a graph keeps
        result.fill(host.copy())
    if blocking:
        host_waits()
    return result


def _send(host: np.ndarray, target: ndarray) -> None:
    """Copy `host` there: as it is now, but page-locked memory as it is when the GPU gets to it."""
    host_waits()
    if _memory.is_pinned(host):
        fetch(lambda: target._host.__setitem__(..., host))
    else:
        target._host[...] = host


def places_of(key: Any) -> tuple[tuple[Any, ...], bool]:
    """An index as NumPy's, and whether it gives a view. NumPy's arrays may be indices: CuPy copies them to the GPU."""
    parts = key if isinstance(key, tuple) else (key,)
    places, views, dots = [], True, False
    for part in parts:
        if isinstance(part, ndarray):
            part, views = part._host, False
        elif isinstance(part, list | tuple | np.ndarray):
            host_waits()
            views = False
            part = np.asarray(part)
            part = part.astype(np.int32) if not part.size and part.dtype == float else part
        elif isinstance(part, bool | np.bool_):
            part, views = np.asarray(part), False
        dots = dots or part is Ellipsis
        places.append(part)
    several = [p for p in places if isinstance(p, np.ndarray)]
    if len(several) > 1:  # ValueError, where NumPy raises IndexError
        np.broadcast_shapes(*(p.nonzero()[0].shape if p.dtype == bool else p.shape for p in several))
    return tuple(places) if dots else (*places, Ellipsis), views


def unboxed(value: Any, sources: list[ndarray] | None = None) -> Any:
    """`value` with the NumPy arrays of the boxes in it; a NumPy array beside them is refused, as by CuPy."""
    if isinstance(value, ndarray):
        if sources is not None:
            if sources and sources[0]._device != value._device:
                raise ValueError(
                    f"Array device must be same as the current device: array device = {value._device} "
                    f"while current = {sources[0]._device}"
                )
            sources.append(value)
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {np.ndarray}")
    if isinstance(value, list | tuple):
        return type(value)([unboxed(part, sources) for part in value])
    return value


def wrapped(result: Any, sources: Any) -> Any:
    """NumPy's answer as CuPy gives it: arrays in boxes, 0-d arrays where NumPy has numbers; views know their base."""
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(wrapped(part, sources) for part in result))
    if isinstance(result, list | tuple):
        return type(result)([wrapped(part, sources) for part in result])
    if isinstance(result, np.generic):
        result = np.array(result)
    if not isinstance(result, np.ndarray):
        return result
    box = object.__new__(ndarray)
    owner = _owner(result)
    for source in sources:
        if _owner(source._host) is owner:
            if not result.flags.writeable:  # NumPy's broadcast views are; CuPy's are not
                result = np.ndarray(result.shape, result.dtype, owner, _start(result) - _start(owner), result.strides)
            box._host, box._memory, box._device = result, source._memory, source._device
            box.base = source if source.base is None else source.base
            return box
    checked(result.dtype)
    if owner.nbytes != result.nbytes:  # one of several arrays that share their memory
        result = owner = result.copy()
    line = owner if owner.flags.forc else np.ascontiguousarray(owner)
    if line is not owner:
        result, owner = line, line
    box._host, box.base = result, None
    box._device = sources[0]._device if sources else here.device
    box._memory = _memory.Memory(_memory.allocating(box._device), _bytes(owner))
    return box


def _bytes(owner: np.ndarray) -> np.ndarray:
    return (owner if owner.flags.c_contiguous else owner.T).reshape(-1).view(np.uint8)


def _owner(array: np.ndarray) -> np.ndarray:
    base: Any = array
    while (base := getattr(base, "base", None)) is not None:  # of as_strided's views, too
        if isinstance(base, np.ndarray):
            array = base
    return array


def _start(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def quiet(work: Callable[[], Any]) -> Callable[[], Any]:
    """`work` without NumPy's warnings: a GPU divides by zero in silence."""

    def done() -> Any:
        with np.errstate(all="ignore"):
            return work()

    return done


def computed(compute: Callable[[], Any], sources: Any) -> Any:
    """What `compute` gives, in new boxes. While a stream captures, they are filled at each launch of the graph, and
    hold NaN before."""
    catch_up()
    result = wrapped(quiet(compute)(), sources)
    if capturing():
        several = isinstance(result, list | tuple)
        boxes = result if several else (result,)
        # not the boxes: a graph keeps addresses, and their memory may be freed
        new = [(i, box._host) for i, box in enumerate(boxes) if isinstance(box, ndarray) and box.base is None]
        for _, host in new:
            if host.dtype.kind == "f":
                host.fill(np.nan)

        def again() -> None:
            values = quiet(compute)() if several else (quiet(compute)(),)
            for i, host in new:
                host[...] = values[i]

        if new:
            enqueue(again)
    return result
