"""The same numbers elsewhere: another type, another device, another memory, or written over in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import dtypes
from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, current_gpu, device_of, resolve, to_device
from minicnn.functional.common import To, check_tensor, sum_to
from minicnn.kernels.recorder import recorder

# --- another type, another device, another memory ---------------------------------------------------


class ToDevice(Operation):
    """The array on another device; the gradient travels back."""

    def forward(ctx, input: Any, place: Any, non_blocking: bool = False) -> Any:
        ctx.place = device_of(input)
        return to_device(input, place, non_blocking)

    def backward(ctx, grad: Any) -> Any:
        return ToDevice(grad, ctx.place), None, None

    def name(ctx) -> str:
        return "ToCopyBackward0"


class Clone(Operation):
    """A copy in memory of its own"""

    keeps_layout = True

    def forward(ctx, input: Any) -> Any:
        return input.copy(order="K")

    def backward(ctx, grad: Any) -> Any:
        return grad


class Contiguous(Clone):
    """A copy in C order"""

    keeps_layout = False

    def forward(ctx, input: Any) -> Any:
        return input.copy(order="C")

    def name(ctx) -> str:
        return "CloneBackward0"


@operation(method="clone")
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own; gradients pass through."""
    result: Tensor = Clone(check_tensor(input, "clone"))
    return result


@operation(method="contiguous")
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in C order, else a copy in that order."""
    result: Tensor = input if check_tensor(input, "contiguous").is_contiguous() else Contiguous(input)
    return result


@operation(method="to")
def to(
    input: Tensor,
    *args: Any,
    device: Any = None,
    dtype: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """The tensor with another dtype, on another device, or both; itself where nothing changes.

    `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)` (type and device of another tensor). A copy to the GPU
    does not wait for it, but from pinned memory (`pin_memory`), which the GPU fetches itself: with `non_blocking` that
    is not waited for, either, and whoever writes there before changes what arrives. Copies to the CPU wait.
    """
    flags = [value for value in args if isinstance(value, bool)]
    non_blocking = flags[0] if flags else non_blocking
    copy = flags[1] if len(flags) > 1 else copy
    for value in args:
        if isinstance(value, Tensor):
            device, dtype = value.device, value._array.dtype
        elif isinstance(value, bool):
            continue
        elif isinstance(value, str | int) or type(value).__name__ == "device":
            device = value
        elif value is not None:
            dtype = value
    result = check_tensor(input, "to")
    if device is not None:
        place = resolve(device)
        here = input.device
        if place.type == here.type == "cuda" and place.index is None:
            place = resolve(current_gpu())
        if place.type != here.type or (here.type == "cuda" and place.index != here.index):
            result = ToDevice(result, place, non_blocking)
    if dtype is not None and result._array.dtype != dtypes.as_numpy(dtype):
        result = To(result, dtypes.as_numpy(dtype))
    if copy and result is input:
        result = clone(input)
    return result


@operation(method="cpu")
def cpu(input: Tensor) -> Tensor:
    """The tensor in host memory; itself if it is there."""
    return to(input, device="cpu")


@operation(method="cuda")
def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """The tensor on the GPU (`device` None, 0, "cuda:0"); RuntimeError where there is none."""
    return to(input, device="cuda" if device is None else device, non_blocking=non_blocking)


def _converter(name: str, kind: dtypes.dtype) -> Any:
    def convert(input: Tensor) -> Tensor:
        return to(input, kind)

    convert.__name__ = name
    convert.__doc__ = f"The tensor as {kind.name}; itself if it is so already."
    return operation(method=name)(convert)


float_ = _converter("float", dtypes.float32)
double = _converter("double", dtypes.float64)
half = _converter("half", dtypes.float16)
bfloat16 = _converter("bfloat16", dtypes.bfloat16)
long = _converter("long", dtypes.int64)
int_ = _converter("int", dtypes.int32)
short = _converter("short", dtypes.int16)
char = _converter("char", dtypes.int8)
byte = _converter("byte", dtypes.uint8)
bool_ = _converter("bool", dtypes.bool_)


LEGACY_NAMES = {
    "float32": "FloatTensor", "float64": "DoubleTensor", "float16": "HalfTensor", "uint8": "ByteTensor",
    "int8": "CharTensor", "int16": "ShortTensor", "int32": "IntTensor", "int64": "LongTensor",
    "bool": "BoolTensor", "bfloat16": "BFloat16Tensor",
}  # fmt: skip


@operation(method="type")
def type_(input: Tensor, dtype: Any = None) -> Any:
    """The tensor as `dtype` (also "torch.FloatTensor"); without one, the name of its type, that long."""
    if dtype is None:
        prefix = f"{dtypes.PREFIX}.cuda" if input.is_cuda else dtypes.PREFIX
        return f"{prefix}.{LEGACY_NAMES[input.dtype.name]}"
    if isinstance(dtype, str):
        plain = dtype.rpartition(".")[2]
        dtype = next((d for d, name in LEGACY_NAMES.items() if name == plain), dtype)
    return to(input, dtypes.as_numpy(getattr(dtype, "dtype", dtype)))  # FloatTensor has a .dtype


@operation(method="type_as")
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor with the type (and device) of `other`."""
    return to(input, check_tensor(other, "type_as", "other"))


# --- written over -----------------------------------------------------------------------------------


class Overwrite(Operation):
    """values in place of the input: its gradient is 0, that of the values passes."""

    def forward(ctx, input: Any, values: Any) -> Any:
        ctx.shape, ctx.kind = np.shape(values), getattr(values, "dtype", None)
        xp = array_module(input)
        if np.ndim(values):
            values = to_device(values, Tensor(input).device)
        return xp.broadcast_to(xp.asarray(values), input.shape).astype(input.dtype)

    def backward(ctx, grad: Any) -> Any:
        values = sum_to(grad, ctx.shape) if ctx.needs(1) else None
        if values is not None and ctx.kind is not None and ctx.kind != grad.dtype:
            values = To(values, ctx.kind)
        return grad * 0, values

    def name(ctx) -> str:
        return "CopyBackwards"


def overwrite(target: Tensor, values: Any, name: str) -> Tensor:
    """Put `values` (a number, an array or a Tensor that broadcasts) into the memory of `target`."""
    wants = isinstance(values, Tensor) and values.requires_grad
    check_inplace(target, wants, name)
    if mode.enabled and (target.requires_grad or wants):
        return write(target, Overwrite(target, values), name)
    array = target._plain_array()
    if isinstance(values, Tensor):
        values = values._plain_array()
    if not np.isscalar(values):
        values = to_device(values, target.device)
    try:
        array[...] = values
    except ValueError:
        raise RuntimeError(
            f"{name}: the values of shape {list(np.shape(values))} do not broadcast to {list(array.shape)}"
        ) from None
    if recorder.tape is not None:
        recorder.tape.write(array, values)
    target._version.count += 1
    return target


@operation(method="zero_")
def zero_(input: Tensor) -> Tensor:
    """Set every element to 0, in place."""
    return overwrite(input, 0, "zero_")


@operation(method="fill_")
def fill_(input: Tensor, value: Any) -> Tensor:
    """Set every element to `value` (a number or a 0-d tensor), in place."""
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension `value` tensor but got one with {value.ndim} dimensions")
    return overwrite(input, value, "fill_")


@operation(method="copy_")
def copy_(input: Tensor, other: Tensor, non_blocking: bool = False) -> Tensor:
    """Take over the elements of `other`, which broadcasts to the shape of `input`, in place."""
    return overwrite(input, check_tensor(other, "copy_", "other"), "copy_")
