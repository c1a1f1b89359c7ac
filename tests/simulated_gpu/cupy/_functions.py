"""CuPy's functions and methods: NumPy's of the same names, with the names and arguments that CuPy has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ._array import array_of, checked, computed, ndarray, quiet, scatter_add, unboxed
from ._streams import capturing, enqueue, host_waits

SIGNATURES = json.loads(Path(__file__).with_name("signatures.json").read_text(encoding="utf-8"))

# Their results have shapes that depend on the numbers, so CuPy reads them; or they sort, which waits as well.
WAIT = {
    "allclose", "argpartition", "argsort", "argwhere", "array_equal", "bincount", "compress", "extract", "flatnonzero",
    "histogram", "intersect1d", "isin", "lexsort", "median", "msort", "nanmedian", "nonzero", "partition", "percentile",
    "quantile", "setdiff1d", "setxor1d", "sort", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
}  # fmt: skip
# cuBLAS, which CuPy does not call while a stream captures.
BLAS = {"dot", "einsum", "inner", "kron", "matmul", "outer", "tensordot", "vdot"}
PYTHON_ANSWERS = {"allclose", "array_equal", "array_equiv", "count_nonzero"}  # of NumPy; CuPy gives 0-d arrays


def _rounded(of_floats: Callable[..., Any], of_integers: Callable[..., Any]) -> Callable[..., Any]:
    """A quotient, or what it leaves, by CuPy's formula for floating-point numbers."""

    def compute(a: Any, b: Any, **options: Any) -> Any:
        result = (of_floats if np.result_type(a, b).kind in "fV" else of_integers)(a, b)
        if "out" not in options:
            return result
        options["out"][...] = result
        return options["out"]

    return compute


NOT_AS_NUMPY = {
    "floor_divide": _rounded(lambda a, b: np.floor(a / b), np.floor_divide),
    "remainder": _rounded(lambda a, b: a - np.floor(a / b) * b, np.remainder),
    "fmod": _rounded(np.fmod, lambda a, b: np.where(b, np.fmod(a, b, dtype=float), 0).astype(np.result_type(a, b))),
}
NOT_AS_NUMPY["mod"] = NOT_AS_NUMPY["remainder"]


class ufunc:
    """A function that works element by element."""

    def __init__(self, name: str, types: str) -> None:
        self.__name__ = name
        self.name = f"cupy_{name}"
        self.types = types.split()
        self._numpy = NOT_AS_NUMPY.get(name, getattr(np, name))
        self.nin, self.nout = getattr(np, name).nin, getattr(np, name).nout

    def __call__(self, *args: Any, **options: Any) -> Any:
        unknown = set(options) - {"out", "dtype", "casting"}
        if unknown:
            raise TypeError(f"Wrong arguments {sorted(unknown)}")
        if len(args) > self.nin:
            *args, options["out"] = args  # type: ignore[assignment]
        sources: list[ndarray] = []
        ins = [unboxed(arg, sources) for arg in args]
        if not sources and not isinstance(options.get("out"), ndarray):
            ins = [np.asarray(value) if isinstance(value, float | int) else value for value in ins]
        self._check(args, ins, options.get("dtype"))
        out = options.pop("out", None)
        options = {name: unboxed(value, sources) for name, value in options.items()}
        if out is None:
            return computed(lambda: self._numpy(*ins, **options), sources)
        target = unboxed(out, sources)
        enqueue(quiet(lambda: self._numpy(*ins, out=target, **options)))
        return out

    def _check(self, args: Any, ins: list[Any], dtype: Any) -> None:
        """TypeError where CuPy has no loop for these types."""
        kinds = [np.dtype(dtype or value.dtype) if hasattr(value, "dtype") else None for value in ins]
        for types in self.types:
            wanted = types.split("->")[0]
            if all(k is None or k.char == w or np.can_cast(k, _type(w)) for k, w in zip(kinds, wanted, strict=True)):
                return
        raise TypeError(f"Wrong type ({[str(kind) for kind in kinds]}) of arguments for {self.name}")

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        if self.__name__ != "add":
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        scatter_add(a, indices, b)

    def outer(self, a: Any, b: Any, **options: Any) -> Any:
        sources: list[ndarray] = []
        first, second = unboxed(a, sources), unboxed(b, sources)
        return computed(lambda: self._numpy.outer(first, second, **options), sources)

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        if self.__name__ not in ("add", "multiply"):
            raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")
        sources: list[ndarray] = []
        host = unboxed(array, sources)
        return computed(lambda: self._numpy.reduce(host, axis, dtype, keepdims=keepdims), sources)

    def accumulate(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if self.__name__ not in ("add", "multiply"):
            raise NotImplementedError(f"`{self.name}.accumulate` is not supported yet")
        sources: list[ndarray] = []
        host = unboxed(array, sources)
        return computed(lambda: self._numpy.accumulate(host, axis, dtype), sources)

    def __repr__(self) -> str:
        return f"<ufunc '{self.name}'>"


def _type(char: str) -> np.dtype:
    if char == "E":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(char)


def forwarded(name: str, arguments: str, numpy: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function under CuPy's name, which takes CuPy's arguments and CuPy's arrays only."""
    known = [part.strip() for part in arguments.split(",")]
    anything = any(part.startswith("**") for part in known)
    most = 99 if any(part.startswith("*") and not part.startswith("**") for part in known) else len(known)

    def call(*args: Any, **options: Any) -> Any:
        unknown = set() if anything else set(options) - set(known)
        if unknown or len(args) > most:
            raise TypeError(f"{name}() got unexpected arguments {sorted(unknown) or args[most:]}; CuPy's: {arguments}")
        if name in BLAS and capturing():
            raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
        if name in WAIT:
            host_waits()
        sources: list[ndarray] = []
        ins = [unboxed(arg, sources) for arg in args]
        if name in ("argsort", "sort"):  # CuPy's are always stable
            options["kind"] = "stable"
            if ins[0].dtype.kind == "V":
                raise NotImplementedError(f"Sorting arrays with dtype '{ins[0].dtype}' is not supported")
        out = options.pop("out", None)
        named = {key: unboxed(value, sources) for key, value in options.items()}
        if out is not None:
            target = unboxed(out, sources)
            enqueue(quiet(lambda: numpy(*ins, out=target, **named)))
            return out

        def compute() -> Any:
            result = numpy(*ins, **named)
            return np.asarray(result) if name in PYTHON_ANSWERS else result

        return computed(compute, sources)

    call.__name__ = call.__qualname__ = name
    return call


def method(name: str, arguments: str) -> Callable[..., Any]:
    """A method of NumPy's arrays, with the arguments that CuPy's has."""
    return forwarded(name, f"self, {arguments}" if arguments else "self", getattr(np.ndarray, name))


# --- functions that are not NumPy's by another name ---------------------------------------------------


def array(
    obj: Any, dtype: Any = None, copy: bool = True, order: str = "K", subok: bool = False, ndmin: int = 0,
    *, blocking: bool = False,
) -> ndarray:  # fmt: skip
    if isinstance(obj, ndarray):
        result = obj
        if dtype is not None and np.dtype(dtype) != obj.dtype:
            result = obj.astype(dtype)
        elif copy or (order in ("C", "F") and not obj.flags[f"{order}_contiguous"]):
            result = obj.copy(order)
        return result
    if hasattr(obj, "__cuda_array_interface__"):
        raise NotImplementedError("the stand-in takes no foreign arrays of the GPU")
    if isinstance(obj, list | tuple) and any(isinstance(part, ndarray) for part in obj):
        return computed(lambda: np.array(unboxed(obj), dtype), [part for part in obj if isinstance(part, ndarray)])
    host = np.array(obj, dtype, copy=None, order=order, ndmin=ndmin)
    checked(host.dtype)
    return array_of(host, blocking)


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    if isinstance(a, ndarray) and (dtype is None or np.dtype(dtype) == a.dtype) and not copy and order is None:
        return a
    return array(a, dtype, copy=bool(copy), order=order or "K", blocking=blocking)


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, copy=False, order="C")


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> np.ndarray:
    return a.get(stream, order, out, blocking) if isinstance(a, ndarray) else np.asarray(a)


def from_dlpack(array: Any, /, *, device: Any = None, copy: Any = None) -> ndarray:
    if array.__dlpack_device__()[0] != 2:
        raise TypeError("CPU arrays cannot be directly imported to CuPy. Use `cupy.array(numpy.from_dlpack(input))`")
    if isinstance(array, ndarray):
        return array.view()
    inner = getattr(array, "_array", None)  # a Tensor of minicnn around one of our own
    if isinstance(inner, ndarray):
        return inner.view()
    raise NotImplementedError("the stand-in takes no foreign arrays of the GPU")


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return ndarray(shape, dtype, order=order)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> ndarray:
    if isinstance(fill_value, np.ndarray):
        raise TypeError(f"Unsupported type {np.ndarray}")
    if dtype is None:
        dtype = fill_value.dtype if isinstance(fill_value, ndarray) else np.array(fill_value).dtype
    result = ndarray(shape, dtype, order=order)
    result.fill(fill_value)
    return result


def zeros(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 0, dtype, order)


def ones(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 1, dtype, order)


def _like(make: Callable[..., ndarray]) -> Callable[..., ndarray]:
    def like(a: Any, *value: Any, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None) -> ndarray:
        hosts = np.empty_like(unboxed(a), dtype, order, shape=shape)
        fortran = hosts.flags.fnc
        result = make(hosts.shape, *value, dtype=hosts.dtype, order="F" if fortran else "C")
        if result.strides != hosts.strides:  # K: the order of a's axes in memory
            axes = sorted(range(hosts.ndim), key=lambda axis: -hosts.strides[axis])
            back = np.argsort(axes).tolist()
            result = make([hosts.shape[axis] for axis in axes], *value, dtype=hosts.dtype).transpose(back)
        return result

    return like


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    if not isinstance(dst, ndarray):
        raise TypeError("dst must be cupy.ndarray")
    source, mask = unboxed(src), True if where is None else unboxed(where)
    enqueue(quiet(lambda: np.copyto(dst._host, source, casting, where=mask)))


def put_along_axis(arr: ndarray, indices: ndarray, values: Any, axis: Any) -> None:
    places, source = unboxed(indices), unboxed(values)
    enqueue(lambda: np.put_along_axis(arr._host, places, source, axis))


class OpenGrid:
    """cupy.ogrid: made on the GPU, by cupy.arange."""

    def __getitem__(self, key: tuple[slice, ...]) -> list[ndarray]:
        found: list[ndarray] = computed(lambda: list(np.ogrid[key]), ())
        return found


def get_array_module(*args: Any) -> Any:
    import cupy

    return cupy if any(isinstance(arg, ndarray) for arg in args) else np


def isscalar(element: Any) -> bool:
    return np.isscalar(element)


def repeat(a: Any, repeats: Any, axis: Any = None) -> ndarray:
    return a.repeat(repeats, axis)


def bincount(x: ndarray, weights: Any = None, minlength: Any = None) -> ndarray:
    host_waits()
    if weights is not None:
        raise TypeError("bincount with weights adds floating-point numbers atomically; minicnn adds nothing atomically")
    return computed(lambda: np.bincount(x._host, minlength=minlength or 0), (x,))


OWN = {
    "array": array, "asarray": asarray, "asanyarray": asarray, "ascontiguousarray": ascontiguousarray,
    "asnumpy": asnumpy, "bincount": bincount, "copyto": copyto, "empty": empty, "from_dlpack": from_dlpack,
    "full": full, "get_array_module": get_array_module, "isscalar": isscalar, "ones": ones,
    "ogrid": OpenGrid(), "put_along_axis": put_along_axis, "repeat": repeat, "zeros": zeros, "empty_like": _like(empty),
    "full_like": _like(full), "ones_like": _like(ones), "zeros_like": _like(zeros),
}  # fmt: skip
