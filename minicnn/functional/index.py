"""Reading and writing by index: x[…], and by masks.

Basic keys (ints, slices, None, …) give views, keys with tensors, lists or masks give copies. As in PyTorch
the basic part of a key is applied first and the arrays index what is left; NumPy counts an int beside an
array as an array, too, and puts the axes elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import Operation
from minicnn.autograd.register import check_inplace, operation, write
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module, to_device
from minicnn.functional.adding import add_at
from minicnn.functional.common import To, check_tensor, sum_to
from minicnn.functional.joining import Key, Slice
from minicnn.functional.selection import Where
from minicnn.functional.shape import View, expand
from minicnn.kernels.recorder import recorder

# --- what stands in the brackets --------------------------------------------------------------------


class Keys(NamedTuple):
    """A key in two steps: `basic` gives a view of the tensor, `arrays` (None or a key) index that view."""

    basic: tuple[Any, ...]
    arrays: tuple[Any, ...] | None
    label: str  # PyTorch's name for the last basic step


def keys_of(input: Tensor, key: Any) -> Keys:
    """The two steps of input[key]; IndexError for a key that is out of range or of a wrong type."""
    if isinstance(key, list) and any(isinstance(p, _SEVERAL) or p is ... for p in key):
        key = tuple(key)  # x[[[0, 1], [1, 2]]] is x[[0, 1], [1, 2]], in PyTorch still
    parts = [_part(p) for p in (key if isinstance(key, tuple) else (key,))]
    shape = input._array.shape
    used = sum(p.ndim if _is_mask(p) else 0 if p is None or p is ... else 1 for p in parts)
    if used > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}: got {used}")
    if not any(p is ... for p in parts):
        parts.append(...)
    basic: list[Any] = []
    arrays: list[Any] = []  # for each axis of the view: an array or a full slice
    axis, label = 0, "Alias"
    for part in parts:
        if part is ...:
            free = len(shape) - used
            basic += [slice(None)] * free
            arrays += [slice(None)] * free
            axis += free
        elif part is None:
            basic.append(None)
            arrays.append(slice(None))
            label = "Unsqueeze"
        elif isinstance(part, slice):
            basic.append(part)
            arrays.append(slice(None))
            axis, label = axis + 1, label if part == slice(None) else "Slice"
        elif isinstance(part, int):
            if not -shape[axis] <= part < shape[axis]:
                raise IndexError(f"index {part} is out of bounds for dimension {axis} with size {shape[axis]}")
            basic.append(part)
            axis, label = axis + 1, "Select"
        else:
            width = part.ndim if _is_mask(part) else 1
            _check_array(part, shape, axis)
            basic += [slice(None)] * width
            arrays.append(part)
            axis += width
    if all(isinstance(p, slice) for p in arrays):
        return Keys(tuple(basic), None, label)
    _check_together([p.shape for p in arrays if not (isinstance(p, slice) or _is_mask(p))])
    here = input.device  # an index may come from the host
    return Keys(tuple(basic), tuple(p if isinstance(p, slice) else to_device(p, here) for p in arrays), label)


_SEVERAL = (list, tuple, slice, Tensor, np.ndarray, type(None))  # a list that holds one is a key of several parts


def _part(part: Any) -> Any:
    """One element of a key as an int, slice, None, … or array of ints or bools."""
    if part is None or part is ...:
        return part
    if isinstance(part, slice):
        ends = (None if end is None else end.__index__() for end in (part.start, part.stop, part.step))
        cut = slice(*ends)
        if cut.step is not None and cut.step <= 0:
            raise ValueError(f"step must be greater than zero, got {cut.step}; use flip")
        return cut
    if isinstance(part, Tensor):
        if recorder.tape is not None and (part.ndim == 0 or part._array.dtype in (bool, np.uint8)):
            recorder.tape.refuse("indexes by a number or a mask of a tensor")
        part = part._plain_array()
    elif isinstance(part, list | tuple | range):
        part = np.asarray([p.numpy(force=True) if isinstance(p, Tensor) else p for p in part])
        part = part.astype(np.int64) if part.size == 0 else part
    elif isinstance(part, bool | np.bool_):
        part = np.asarray(part)
    if isinstance(part, int | np.integer):
        return int(part)
    if hasattr(part, "dtype") and part.dtype.kind in "biu":
        if part.dtype == np.uint8:
            return part.astype(bool)
        return int(part) if part.ndim == 0 and part.dtype != bool else part
    kind = part.dtype if hasattr(part, "dtype") else type(part).__name__
    raise IndexError(
        f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {kind})"
    )


def _is_mask(part: Any) -> bool:
    return hasattr(part, "dtype") and part.dtype == bool


def _check_array(part: Any, shape: tuple[int, ...], axis: int) -> None:
    if _is_mask(part):
        for i, n in enumerate(part.shape):
            if n != shape[axis + i]:
                raise IndexError(
                    f"The shape of the mask {list(part.shape)} at index {i} does not match the shape of the "
                    f"indexed tensor {list(shape)} at index {axis + i}"
                )
    elif part.size and isinstance(part, np.ndarray):
        for value in (int(part.min()), int(part.max())):
            if not -shape[axis] <= value < shape[axis]:
                raise IndexError(f"index {value} is out of bounds for dimension {axis} with size {shape[axis]}")


def _check_together(shapes: list[tuple[int, ...]]) -> None:
    """IndexError if arrays of numbers do not broadcast. How many numbers a mask stands for, it knows alone."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        found = ", ".join(str(list(shape)) for shape in shapes)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {found}"
        ) from None


# --- x[key] -----------------------------------------------------------------------------------------


class Index(Operation):
    """input[key] for a key with arrays: a copy."""

    def forward(ctx, input: Any, key: Key) -> Any:
        ctx.shape, ctx.key = input.shape, key
        try:
            return input[key]
        except (IndexError, ValueError) as error:  # NumPy's and CuPy's, where a mask does not go with what is beside it
            raise IndexError(f"shape mismatch: indexing tensors could not be broadcast together: {error}") from None

    def backward(ctx, grad: Any) -> Any:
        return IndexPut(grad, ctx.shape, ctx.key), None


class IndexPut(Operation):
    """Zeros to which the input is added at [key], as often as an element occurs: the adjoint of Index."""

    def forward(ctx, input: Any, shape: tuple[int, ...], key: Key) -> Any:
        ctx.key = key
        xp = array_module(input)
        output = xp.zeros(shape, input.dtype)
        if all(isinstance(p, slice) or _is_mask(p) for p in key):  # a mask meets no element twice
            output[key] = input
        else:
            add_at(output, key, input)
        return output

    def backward(ctx, grad: Any) -> Any:
        return Index(grad, ctx.key), None, None


@operation(method="__getitem__")
def getitem(input: Tensor, key: Any) -> Tensor:
    """input[key]: a view for ints, slices, None and …, a copy for tensors, lists and masks."""
    keys = keys_of(input, key)
    if keys.arrays is None:
        return Slice(input, keys.basic, label=keys.label)
    if keys.label != "Alias":
        input = Slice(input, keys.basic, label=keys.label)
    return Index(input, keys.arrays)


class SetItem(Operation):
    """The input with the value at [keys]; the gradient there belongs to the value."""

    def forward(ctx, input: Any, value: Any, keys: Keys) -> Any:
        ctx.keys, ctx.shape, ctx.kind = keys, np.shape(value), getattr(value, "dtype", None)
        output = input.copy()
        assign(output, keys, value)
        return output

    def backward(ctx, grad: Any) -> Any:
        value = None
        if ctx.needs(1):
            value = Slice(grad, ctx.keys.basic)
            value = value if ctx.keys.arrays is None else Index(value, ctx.keys.arrays)
            front = max(len(ctx.shape) - len(value.shape), 0)  # axes of length 1 that assign() takes off
            value = sum_to(value, ctx.shape[front:])
            value = View(value, ctx.shape) if front else value
            value = value if ctx.kind == value.dtype else To(value, ctx.kind)
        return Cleared(grad, ctx.keys) if ctx.needs(0) else None, value, None

    def name(ctx) -> str:
        return "CopySlices"


class Cleared(Operation):
    """The input with 0 at [keys]"""

    def forward(ctx, input: Any, keys: Keys) -> Any:
        ctx.keys = keys
        output = input.copy()
        assign(output, keys, 0)
        return output

    def backward(ctx, grad: Any) -> Any:
        return Cleared(grad, ctx.keys), None


def assign(array: Any, keys: Keys, value: Any) -> None:
    """array[keys] = value on raw arrays."""
    basic = (*keys.basic, ...)
    view = array[basic]
    if not np.ndim(value):
        view[... if keys.arrays is None else keys.arrays] = value
        return
    target = view if keys.arrays is None else view[keys.arrays]
    extra = np.ndim(value) - target.ndim
    if extra > 0 and value.shape[:extra] == (1,) * extra:
        value = value.reshape(value.shape[extra:])
    try:
        view[... if keys.arrays is None else keys.arrays] = value
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(np.shape(value))} cannot be broadcast to indexing "
            f"result of shape {list(target.shape)}"
        ) from None


@operation(method="__setitem__")
def setitem(input: Tensor, key: Any, value: Any) -> None:
    """input[key] = value, in place: `value` (a number or a tensor) broadcasts to what `input[key]` reads."""
    wants = isinstance(value, Tensor) and value.requires_grad
    if not isinstance(value, Tensor | int | float | np.number | np.bool_):
        raise TypeError(
            f"can't assign a {type(value).__name__} to a part of a Tensor: `value` must be a number or a Tensor; make "
            "one with tensor(value)"
        )
    check_inplace(input, wants, "__setitem__")
    keys = keys_of(input, key)
    if mode.enabled and (input.requires_grad or wants):
        write(
            input,
            SetItem(input, value if isinstance(value, Tensor) else np.asarray(value), keys),
            "__setitem__",
        )
        return
    if recorder.tape is not None:
        recorder.tape.refuse("assigns to a part of a tensor")
    raw = value._plain_array() if isinstance(value, Tensor) else np.asarray(value)
    assign(input._plain_array(), keys, to_device(raw, input.device) if raw.ndim else raw)
    input._version.count += 1


# --- masks ------------------------------------------------------------------------------------------


class MaskedFill(Operation):
    """value where the mask holds, the input elsewhere"""

    keeps_layout = True

    def forward(ctx, input: Any, mask: Any, value: Any) -> Any:
        ctx.shape, ctx.tensor = input.shape, hasattr(value, "dtype")
        ctx.save(mask)
        return Where(mask, value, input).astype(input.dtype, copy=False)

    def backward(ctx, grad: Any) -> Any:
        (mask,) = ctx.saved()
        kept = sum_to(grad * ~mask, ctx.shape)
        return kept, None, sum_to(grad * mask, ()) if ctx.needs(2) else None

    def name(ctx) -> str:
        return f"MaskedFillBackward{int(ctx.tensor)}"


@operation(method="masked_fill", inplace=True)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` (a number or 0-d tensor) where `mask` (bool, broadcast) holds, `input` elsewhere."""
    if check_tensor(mask, "masked_fill", "mask")._array.dtype != bool:
        raise RuntimeError(f"masked_fill only supports boolean masks, but got `mask` with dtype {mask.dtype}")
    if not isinstance(value, Tensor | int | float | np.number | np.bool_):
        raise TypeError(f"masked_fill(): `value` must be a number or a 0-d Tensor, got {value!r}")
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"masked_fill only supports a 0-dimensional `value` tensor, got {value.ndim} dimensions")
    return MaskedFill(check_tensor(input, "masked_fill"), mask, value)


@operation(method="masked_select")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` (bool) holds, 1-d; both broadcast to one shape."""
    if check_tensor(mask, "masked_select", "mask")._array.dtype != bool:
        raise RuntimeError(f"masked_select: expected BoolTensor for `mask`, got {mask.dtype}")
    shape = np.broadcast_shapes(check_tensor(input, "masked_select")._array.shape, mask._array.shape)
    return getitem(expand(input, shape), expand(mask, shape))


@operation(method="nonzero")
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0: int64 (number, ndim), or one tensor for each axis."""
    array = check_tensor(input, "nonzero")._plain_array()
    xp = array_module(array)
    found = xp.nonzero(xp.atleast_1d(array))
    if as_tuple:
        return tuple(Tensor(i) for i in found)
    return Tensor(xp.stack(found, axis=1)[:, : input.ndim])
