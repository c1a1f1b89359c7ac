"""Questions about a tensor that need no arithmetic: where it lies, what it is not, how large it is in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import dtypes, pinned
from minicnn.autograd.register import operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import address, has_gpu, owner_of
from minicnn.functional.common import broadcast_shape, check_tensor, sum_to
from minicnn.functional.conversion import overwrite
from minicnn.functional.creation import as_size, empty, tensor
from minicnn.functional.shape import last_two_swapped, t


def _never(name: str, what: str) -> Any:
    """A property that is False for every tensor of minicnn."""

    def ask(input: Tensor) -> bool:
        return False

    ask.__name__ = name
    ask.__doc__ = f"False: minicnn has no {what}."
    return operation(prop=name)(ask)


is_sparse = _never("is_sparse", "sparse tensors")
is_quantized = _never("is_quantized", "quantised tensors")
is_meta = _never("is_meta", "tensors without numbers")
is_mkldnn = _never("is_mkldnn", "tensors in oneDNN's layouts")
is_mps = _never("is_mps", "tensors on Apple's GPUs")
is_xpu = _never("is_xpu", "tensors on Intel's GPUs")
is_nested = _never("is_nested", "nested tensors")


@operation(prop="is_cpu")
def is_cpu(input: Tensor) -> bool:
    """Whether the elements are in host memory."""
    return not input.is_cuda


@operation(prop="itemsize")
def itemsize(input: Tensor) -> int:
    """The bytes of one element."""
    return input.element_size()


@operation(prop="nbytes")
def nbytes(input: Tensor) -> int:
    """The bytes of all elements."""
    return input.numel() * input.element_size()


@operation(prop="output_nr")
def output_nr(input: Tensor) -> int:
    """Which of the outputs of its operation a tensor is."""
    return input._output_index


@operation(prop="H")
def conjugate_transposed(input: Tensor) -> Tensor:
    """A matrix transposed: there are no complex numbers to conjugate."""
    if input.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {input.ndim}-D tensor.")
    return t(input)


@operation(prop="mH")
def conjugate_transposed_matrices(input: Tensor) -> Tensor:
    """The last two axes exchanged."""
    return last_two_swapped(input)


@operation(method="ndimension")
def ndimension(input: Tensor) -> int:
    """The number of axes."""
    return input.ndim


@operation(method="storage_offset")
def storage_offset(input: Tensor) -> int:
    """How many elements of its memory lie before a tensor's first."""
    array = input._plain_array()
    return (address(array) - address(owner_of(array))) // array.itemsize


@operation(method="data_ptr")
def data_ptr(input: Tensor) -> int:
    """The address of the first element."""
    return address(input._plain_array())


@operation(method="dim_order")
def dim_order(input: Tensor) -> tuple[int, ...]:
    """The axes in the order of memory, the one with the widest steps first."""
    strides = input.stride()
    return tuple(sorted(range(input.ndim), key=lambda axis: -strides[axis]))


@operation(method="is_signed")
def is_signed(input: Tensor) -> bool:
    """Whether the type of the elements has negative numbers."""
    return check_tensor(input, "is_signed")._array.dtype.kind in "if"


@operation(method="is_complex")
def is_complex(input: Tensor) -> bool:
    """False: minicnn has no complex numbers."""
    check_tensor(input, "is_complex")
    return False


@operation(method="is_conj")
def is_conj(input: Tensor) -> bool:
    """False: minicnn has no complex numbers."""
    check_tensor(input, "is_conj")
    return False


@operation(method="conj")
def conj(input: Tensor) -> Tensor:
    """The tensor itself: there are no complex numbers."""
    return check_tensor(input, "conj")


@operation(method="is_inference")
def is_inference(input: Tensor) -> bool:
    """False: tensors made in `inference_mode` are like others here."""
    check_tensor(input, "is_inference")
    return False


@operation(method="is_set_to")
def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both tensors are the same memory in the same shape and order."""
    a, b = input._plain_array(), tensor._plain_array()
    return data_ptr(input) == data_ptr(tensor) and a.shape == b.shape and a.strides == b.strides


@operation(method="get_device")
def get_device(input: Tensor) -> int:
    """The number of the GPU that a tensor is on, -1 for the CPU."""
    index = check_tensor(input, "get_device").device.index
    return -1 if input.device.type == "cpu" else index or 0


@operation(method="is_pinned")
def is_pinned(input: Tensor, device: Any = None) -> bool:
    """Whether the elements lie in memory of the host that a GPU can fetch by itself (`pin_memory`)."""
    return pinned.is_pinned(input._array)


@operation(method="pin_memory")
def pin_memory(input: Tensor, device: Any = None) -> Tensor:
    """A copy in memory of the host that a GPU can fetch by itself: `x.pin_memory().to("cuda", non_blocking=True)`.

    The tensor itself if it is there already, and where there is no GPU. RuntimeError for a tensor on a GPU.
    """
    if input.is_cuda:
        raise RuntimeError(f"cannot pin '{input.type()}' only dense CPU tensors can be pinned")
    if is_pinned(input) or not has_gpu():
        return input
    return Tensor(pinned.pinned(input._plain_array()))


# --- made, filled ---------------------------------------------------------------------------------------


@operation(method="new")
def new(input: Tensor, *args: Any) -> Tensor:
    """A tensor of the same type: `new(2, 3)` of that shape (not filled), `new([1, 2])` of these values."""
    if len(args) == 1 and not isinstance(args[0], int):
        return tensor(args[0], dtype=input.dtype, device=input.device)
    return empty(as_size(args or (0,), "new"), dtype=input.dtype, device=input.device)


@operation(method="sum_to_size")
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over what broadcasting would have added to a tensor of shape `size`."""
    shape = as_size(size, "sum_to_size")
    wide = np.broadcast_to(np.empty((), bool), shape)
    try:
        fits = broadcast_shape(check_tensor(input, "sum_to_size"), Tensor(wide), "sum_to_size") == tuple(input.shape)
    except RuntimeError:
        fits = False
    if not fits:
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(input.shape)}}}.")
    result: Tensor = sum_to(input, shape)
    return result


@operation(method="apply_")
def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """`callable(number)` in place of every element, one by one in Python."""
    if input.requires_grad:
        raise RuntimeError("Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead.")
    array = input._plain_array()
    changed = [callable(number) for number in array.reshape(-1).tolist()]
    return overwrite(input, np.array(changed, array.dtype).reshape(array.shape), "apply_")


@operation()
def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers."""
    return check_tensor(input, "is_floating_point").is_floating_point()


def typename(obj: Any) -> str:
    """The name of the type of `obj`, of a tensor as `x.type()` gives it."""
    if isinstance(obj, Tensor):
        return f"{obj.type()}"
    kind = type(obj)
    module = "" if kind.__module__ in ("builtins", "__builtin__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


class finfo:
    """The limits of a floating type: bits, eps, max, min, tiny (smallest_normal), resolution.

    >>> import minicnn
    >>> minicnn.finfo(minicnn.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: Any = None) -> None:
        kind = dtypes.get_default_dtype() if type is None else dtypes.from_numpy(dtypes.as_numpy(type))
        if not kind.is_floating_point:
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{kind}'")
        limits = dtypes.float_limits(kind.numpy)
        self.bits, self.dtype = kind.itemsize * 8, kind.name
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0**-limits.precision

    def __repr__(self) -> str:
        named = (
            f"{name}={getattr(self, name):g}" for name in ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        )
        return f"finfo({', '.join(named)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer type: bits, max, min.

    >>> import minicnn
    >>> minicnn.iinfo(minicnn.uint8)
    iinfo(min=0, max=255, dtype=uint8)
    """

    def __init__(self, type: Any) -> None:
        kind = dtypes.from_numpy(dtypes.as_numpy(type))
        if kind.numpy.kind not in "iu":
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{kind}'")
        limits = np.iinfo(kind.numpy)
        self.bits, self.dtype = kind.itemsize * 8, kind.name
        self.max, self.min = int(limits.max), int(limits.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def promote_types(type1: Any, type2: Any) -> dtypes.dtype:
    """The smallest type that holds numbers of both."""
    arrays = (np.empty(1, dtypes.as_numpy(kind)) for kind in (type1, type2))
    return dtypes.from_numpy(dtypes.result_type(*arrays))


def can_cast(from_: Any, to: Any) -> bool:
    """Whether PyTorch converts between two types in place: not to a lower category (floating, integer, bool)."""
    return bool(dtypes.category(dtypes.as_numpy(from_)) <= dtypes.category(dtypes.as_numpy(to)))
