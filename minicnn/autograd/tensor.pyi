"""Written by `python -m tests.make_tensor_stub`, from tensor.py and the operations: not by hand."""

import weakref
from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minicnn import backend, dtypes
from minicnn.autograd.hook import Hooks, RemovableHandle
from minicnn.functional.common import Dim, Number
from minicnn.stream import Stream

class Version:
    """What all tensors on one piece of memory share: how often it was written to, and who they are."""

    count: int
    rewritten: int
    aliases: list[weakref.ref[Tensor]] | None
    def __init__(self) -> None: ...
    def add_alias(self, source: Tensor, alias: Tensor) -> None:
        """Note that `alias` shares the batch-last memory of `source`."""

class Size(tuple[int, ...]):
    """A shape: a tuple that prints as PyTorch's and knows its number of elements."""

    def numel(self) -> int:
        """The number of elements."""
    def __repr__(self) -> str: ...

class Tensor:
    """A multi-dimensional array that can remember how it was computed."""

    __array_priority__: _int
    _legacy: Callable[..., Any]
    _array: Any
    _batch_last: _bool
    _version: Version
    _base: Tensor | None
    _seen: _int
    _hooks: Hooks | None
    _output_index: _int
    _grad: Tensor | None
    grad_fn: Any
    requires_grad: _bool
    def __hash__(self) -> _int: ...
    def __init__(self, array: Any = (), requires_grad: Any = False, *more: Any) -> None: ...
    @property
    def shape(self) -> Size:
        """The length of each axis."""
    def size(self, dim: _int | None = None) -> Any:
        """The shape, or the length of axis `dim`."""
    @property
    def ndim(self) -> _int:
        """The number of axes."""
    def dim(self) -> _int:
        """The number of axes."""
    def numel(self) -> _int:
        """The number of elements."""
    nelement = numel
    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
    def element_size(self) -> _int:
        """The bytes of one element."""
    @property
    def device(self) -> backend.device:
        """Where the elements are."""
    @property
    def is_cuda(self) -> _bool:
        """Whether the elements are on a GPU."""
    @property
    def is_leaf(self) -> _bool:
        """Whether no recorded operation made this tensor."""
    def is_floating_point(self) -> _bool:
        """Whether the elements are floating-point numbers."""
    def stride(self, dim: _int | None = None) -> Any:
        """Elements (not bytes) from one index to the next along each axis."""
    def is_contiguous(self) -> _bool:
        """Whether the elements lie in C order (as far as the user can tell)."""
    @property
    def _is_view(self) -> _bool: ...
    def _make_plain(self) -> None:
        """Leave the private batch-last state, together with every tensor on the same memory."""
    def item(self) -> Any:
        """The Python number of a tensor with one element."""
    def tolist(self) -> Any:
        """The elements as nested Python lists (a number for a 0-d tensor)."""
    def numpy(self, *, force: _bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares memory with the tensor."""
    def _plain_array(self) -> Any: ...
    def __array__(self, dtype: Any = None, copy: _bool | None = None) -> np.ndarray: ...
    def __dlpack__(self, **options: Any) -> Any: ...
    def __dlpack_device__(self) -> Any: ...
    @property
    def __cuda_array_interface__(self) -> Any: ...
    def _one_number(self, kind: str) -> Any: ...
    def __bool__(self) -> _bool: ...
    def __int__(self) -> _int: ...
    def __float__(self) -> _float: ...
    def __index__(self) -> _int: ...
    def __len__(self) -> _int: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __contains__(self, value: Any) -> _bool: ...
    def __repr__(self) -> str: ...
    def __format__(self, spec: str) -> str: ...
    def __str__(self) -> str: ...
    def __deepcopy__(self, memo: dict[_int, Any]) -> Tensor: ...
    def __reduce__(self) -> tuple[Any, ...]:
        """Tensors travel between processes as arrays, without their graph; those of a GPU go back to one."""
    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has added up, or None; assigned is one that fits (hook.fitting_grad)."""
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @grad.deleter
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has added up, or None; assigned is one that fits (hook.fitting_grad)."""
    def requires_grad_(self, requires_grad: _bool = True) -> Tensor:
        """Switch on (or off) the recording of operations on this leaf."""
    def detach(self) -> Tensor:
        """The same memory as a tensor without history."""
    def detach_(self) -> Tensor:
        """Forget the history of this tensor."""
    @property
    def data(self) -> Tensor:
        """The same memory, outside autograd; assigning replaces the array."""
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: _bool | None = None,
        create_graph: _bool = False,
        inputs: Sequence[Tensor] | None = None,
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that self was computed from."""
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(grad)` when the gradient of this tensor is known; what it returns replaces it."""
    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor, as its hooks leave it, in `.grad`, too."""
    def __setstate__(self, state: Any) -> None: ...

    # --- registered by @operation in functional/

    def __abs__(self) -> Tensor:
        """The absolute value."""
    def __add__(self, other: Tensor | Number) -> Tensor:
        """input + alpha · other, broadcast."""
    def __and__(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def __eq__(self, other: Tensor | Number) -> Tensor:  # type: ignore[override]
        """input = other, as bools."""
    def __floordiv__(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    def __ge__(self, other: Tensor | Number) -> Tensor:
        """input ≥ other, as bools."""
    def __getitem__(self, key: Any) -> Tensor:
        """input[key]: a view for ints, slices, None and …, a copy for tensors, lists and masks."""
    def __gt__(self, other: Tensor | Number) -> Tensor:
        """input > other, as bools."""
    def __iadd__(self, other: Tensor | Number) -> Tensor:
        """input + alpha · other, broadcast."""
    def __iand__(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def __ifloordiv__(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    def __ilshift__(self, other: Tensor | _int) -> Tensor:
        """input << other of whole numbers."""
    def __imod__(self, other: Tensor | Number) -> Tensor:
        """input modulo other, with the sign of `other`, as Python's %."""
    def __imul__(self, other: Tensor | Number) -> Tensor:
        """input · other, broadcast."""
    def __invert__(self) -> Tensor:
        """~input of bools or integers."""
    def __ior__(self, other: Tensor | _int) -> Tensor:
        """input | other of bools or integers."""
    def __ipow__(self, other: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def __irshift__(self, other: Tensor | _int) -> Tensor:
        """input >> other of whole numbers."""
    def __isub__(self, other: Tensor | Number) -> Tensor:
        """input - alpha · other, broadcast."""
    def __itruediv__(self, other: Tensor | Number) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def __ixor__(self, other: Tensor | _int) -> Tensor:
        """input ^ other of bools or integers."""
    def __le__(self, other: Tensor | Number) -> Tensor:
        """input ≤ other, as bools."""
    def __lshift__(self, other: Tensor | _int) -> Tensor:
        """input << other of whole numbers."""
    def __lt__(self, other: Tensor | Number) -> Tensor:
        """input < other, as bools."""
    def __matmul__(self, other: Tensor) -> Tensor:
        """The matrix product; axes before the last two broadcast, a 1-d operand is a row (left) or a column."""
    def __mod__(self, other: Tensor | Number) -> Tensor:
        """input modulo other, with the sign of `other`, as Python's %."""
    def __mul__(self, other: Tensor | Number) -> Tensor:
        """input · other, broadcast."""
    def __ne__(self, other: Tensor | Number) -> Tensor:  # type: ignore[override]
        """input ≠ other, as bools."""
    def __neg__(self) -> Tensor:
        """-input"""
    def __or__(self, other: Tensor | _int) -> Tensor:
        """input | other of bools or integers."""
    def __pos__(self) -> Tensor:
        """+input: the tensor itself."""
    def __pow__(self, other: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def __radd__(self, other: Tensor | Number) -> Tensor:
        """input + alpha · other, broadcast."""
    def __rand__(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def __rfloordiv__(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    def __rlshift__(self, other: Tensor | _int) -> Tensor:
        """input << other of whole numbers."""
    def __rmatmul__(self, other: Tensor) -> Tensor:
        """The matrix product; axes before the last two broadcast, a 1-d operand is a row (left) or a column."""
    def __rmod__(self, other: Tensor | Number) -> Tensor:
        """input modulo other, with the sign of `other`, as Python's %."""
    def __rmul__(self, other: Tensor | Number) -> Tensor:
        """input · other, broadcast."""
    def __ror__(self, other: Tensor | _int) -> Tensor:
        """input | other of bools or integers."""
    def __rpow__(self, other: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def __rrshift__(self, other: Tensor | _int) -> Tensor:
        """input >> other of whole numbers."""
    def __rshift__(self, other: Tensor | _int) -> Tensor:
        """input >> other of whole numbers."""
    def __rsub__(self, other: Tensor | Number) -> Tensor:
        """input - alpha · other, broadcast."""
    def __rtruediv__(self, other: Tensor | Number) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def __rxor__(self, other: Tensor | _int) -> Tensor:
        """input ^ other of bools or integers."""
    def __setitem__(self, key: Any, value: Any) -> None:
        """input[key] = value, in place: `value` (a number or a tensor) broadcasts to what `input[key]` reads."""
    def __sub__(self, other: Tensor | Number) -> Tensor:
        """input - alpha · other, broadcast."""
    def __truediv__(self, other: Tensor | Number) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def __xor__(self, other: Tensor | _int) -> Tensor:
        """input ^ other of bools or integers."""
    @property
    def H(self) -> Tensor:
        """A matrix transposed: there are no complex numbers to conjugate."""
    @property
    def T(self) -> Tensor:
        """All axes in reversed order, a view: `x.T`."""
    def abs(self) -> Tensor:
        """The absolute value."""
    def abs_(self) -> Tensor:
        """In-place form of `abs_`: changes the tensor and returns it."""
    def absolute(self) -> Tensor:
        """As `abs`."""
    def absolute_(self) -> Tensor:
        """In-place form of `absolute`: changes the tensor and returns it."""
    def acos(self) -> Tensor:
        """The angle whose cosine is each element."""
    def acos_(self) -> Tensor:
        """In-place form of `acos`: changes the tensor and returns it."""
    def acosh(self) -> Tensor:
        """The inverse of `cosh`; NaN below 1."""
    def acosh_(self) -> Tensor:
        """In-place form of `acosh`: changes the tensor and returns it."""
    def add(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input + alpha · other, broadcast."""
    def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """In-place form of `add`: changes the tensor and returns it."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · the sum of the products of two batches of matrices, (M, N)."""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `addbmm`: changes the tensor and returns it."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value · tensor1 / tensor2, broadcast; RuntimeError for whole numbers."""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """In-place form of `addcdiv`: changes the tensor and returns it."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value · tensor1 · tensor2, broadcast."""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """In-place form of `addcmul`: changes the tensor and returns it."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · mat1 @ mat2; `input` broadcasts to (M, N)."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `addmm`: changes the tensor and returns it."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · mat @ vec; `input` broadcasts to (M,)."""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `addmv`: changes the tensor and returns it."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · the outer product of two vectors; `input` broadcasts to (M, N)."""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `addr`: changes the tensor and returns it."""
    def adjoint(self) -> Tensor:
        """As `last_two_swapped`."""
    def all(self, dim: Dim = None, keepdim: _bool = False) -> Tensor:
        """Whether all elements (along `dim`) are not 0, bool."""
    def allclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> _bool:
        """Whether `isclose` holds everywhere, a Python bool."""
    def amax(self, dim: Dim = (), keepdim: _bool = False) -> Tensor:
        """The largest element over `dim` (int or tuple; all without it)."""
    def amin(self, dim: Dim = (), keepdim: _bool = False) -> Tensor:
        """The smallest element over `dim` (int or tuple; all without it)."""
    def aminmax(self, *, dim: _int | None = None, keepdim: _bool = False) -> Any:
        """(min, max) over `dim`, or of all."""
    def any(self, dim: Dim = None, keepdim: _bool = False) -> Tensor:
        """Whether an element (along `dim`) is not 0, bool."""
    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """`callable(number)` in place of every element, one by one in Python."""
    def arccos(self) -> Tensor:
        """As `acos`."""
    def arccos_(self) -> Tensor:
        """In-place form of `arccos`: changes the tensor and returns it."""
    def arccosh(self) -> Tensor:
        """As `acosh`."""
    def arccosh_(self) -> Tensor:
        """In-place form of `arccosh`: changes the tensor and returns it."""
    def arcsin(self) -> Tensor:
        """As `asin`."""
    def arcsin_(self) -> Tensor:
        """In-place form of `arcsin`: changes the tensor and returns it."""
    def arcsinh(self) -> Tensor:
        """As `asinh`."""
    def arcsinh_(self) -> Tensor:
        """In-place form of `arcsinh`: changes the tensor and returns it."""
    def arctan(self) -> Tensor:
        """As `atan`."""
    def arctan2(self, other: Tensor) -> Tensor:
        """As `atan2`."""
    def arctan2_(self, other: Tensor) -> Tensor:
        """In-place form of `arctan2`: changes the tensor and returns it."""
    def arctan_(self) -> Tensor:
        """In-place form of `arctan`: changes the tensor and returns it."""
    def arctanh(self) -> Tensor:
        """As `atanh`."""
    def arctanh_(self) -> Tensor:
        """In-place form of `arctanh`: changes the tensor and returns it."""
    def argmax(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """The index of the largest element along `dim` (of the flattened tensor without it), int64."""
    def argmin(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """The index of the smallest element along `dim` (of the flattened tensor without it), int64."""
    def argsort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Tensor:
        """The indices that sort `input` along `dim`, int64."""
    def argwhere(self) -> Tensor:
        """The indices of the elements that are not 0: int64 (number, ndim)."""
    def as_strided(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """A view of the memory of `input`: element (i, j, …) is the one at storage_offset + i·stride[0] + …"""
    def as_strided_(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """In-place form of `as_strided`."""
    def asin(self) -> Tensor:
        """The angle whose sine is each element."""
    def asin_(self) -> Tensor:
        """In-place form of `asin`: changes the tensor and returns it."""
    def asinh(self) -> Tensor:
        """The inverse of `sinh`."""
    def asinh_(self) -> Tensor:
        """In-place form of `asinh`: changes the tensor and returns it."""
    def atan(self) -> Tensor:
        """The angle whose tangent is each element."""
    def atan2(self, other: Tensor) -> Tensor:
        """The angle of the point (other, input) in (-π, π], broadcast."""
    def atan2_(self, other: Tensor) -> Tensor:
        """In-place form of `atan2`: changes the tensor and returns it."""
    def atan_(self) -> Tensor:
        """In-place form of `atan`: changes the tensor and returns it."""
    def atanh(self) -> Tensor:
        """The inverse of `tanh`; NaN beyond ±1."""
    def atanh_(self) -> Tensor:
        """In-place form of `atanh`: changes the tensor and returns it."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · batch1 @ batch2 of batches of matrices; `input` broadcasts to (B, M, N)."""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `baddbmm`: changes the tensor and returns it."""
    def bernoulli(self, p: _float | None = None, *, generator: Stream | None = None) -> Tensor:
        """1 with the probability that `input` holds (with `p`, that probability everywhere), else 0."""
    def bernoulli_(self, p: Any = 0.5, *, generator: Stream | None = None) -> Tensor:
        """Fill with 1 with probability `p` (a number, or a tensor of the same shape), else 0; in place."""
    def bfloat16(self) -> Tensor:
        """The tensor as bfloat16; itself if it is so already."""
    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
        """How often each of 0, 1, … occurs in `input` (1-d, whole numbers not below 0), or the sum of weights."""
    def bitwise_and(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def bitwise_and_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_and`: changes the tensor and returns it."""
    def bitwise_left_shift(self, other: Tensor | _int) -> Tensor:
        """input << other of whole numbers."""
    def bitwise_left_shift_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_left_shift`: changes the tensor and returns it."""
    def bitwise_not(self) -> Tensor:
        """~input of bools or integers."""
    def bitwise_not_(self) -> Tensor:
        """In-place form of `bitwise_not`: changes the tensor and returns it."""
    def bitwise_or(self, other: Tensor | _int) -> Tensor:
        """input | other of bools or integers."""
    def bitwise_or_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_or`: changes the tensor and returns it."""
    def bitwise_right_shift(self, other: Tensor | _int) -> Tensor:
        """input >> other of whole numbers."""
    def bitwise_right_shift_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_right_shift`: changes the tensor and returns it."""
    def bitwise_xor(self, other: Tensor | _int) -> Tensor:
        """input ^ other of bools or integers."""
    def bitwise_xor_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_xor`: changes the tensor and returns it."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of (B, M, K) and (B, K, N), one by one: (B, M, N)."""
    def bool(self) -> Tensor:
        """The tensor as bool; itself if it is so already."""
    def broadcast_to(self, size: Sequence[_int]) -> Tensor:
        """`expand` to `size`."""
    def byte(self) -> Tensor:
        """The tensor as uint8; itself if it is so already."""
    def cauchy_(self, median: _float = 0.0, sigma: _float = 1.0, *, generator: Stream | None = None) -> Tensor:
        """Fill with numbers of Cauchy's distribution, in place."""
    def ceil(self) -> Tensor:
        """The smallest integer not below each element."""
    def ceil_(self) -> Tensor:
        """In-place form of `ceil`: changes the tensor and returns it."""
    def char(self) -> Tensor:
        """The tensor as int8; itself if it is so already."""
    def cholesky(self, *, upper: _bool = False) -> Tensor:
        """The lower triangle L with L Lᵀ = A of each positive-definite matrix; LinAlgError for others."""
    def chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` pieces of equal length (the last may be shorter) along `dim`; views."""
    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Each element limited to [min, max]; numbers or tensors, one of them may be None."""
    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of `clamp`: changes the tensor and returns it."""
    def clamp_max(self, max: Any) -> Tensor:
        """Each element, or `max` (a number or a tensor) if that is smaller."""
    def clamp_max_(self, max: Any) -> Tensor:
        """In-place form of `clamp_max`: changes the tensor and returns it."""
    def clamp_min(self, min: Any) -> Tensor:
        """Each element, or `min` (a number or a tensor) if that is larger."""
    def clamp_min_(self, min: Any) -> Tensor:
        """In-place form of `clamp_min`: changes the tensor and returns it."""
    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """As `clamp`."""
    def clip_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of `clip`: changes the tensor and returns it."""
    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy with memory of its own; gradients pass through."""
    def conj(self) -> Tensor:
        """The tensor itself: there are no complex numbers."""
    def contiguous(self, memory_format: Any = None) -> Tensor:
        """The tensor itself if its elements lie in C order, else a copy in that order."""
    def copy_(self, other: Tensor, non_blocking: _bool = False) -> Tensor:
        """Take over the elements of `other`, which broadcasts to the shape of `input`, in place."""
    def copysign(self, other: Tensor | Number) -> Tensor:
        """|input| with the sign of `other`, broadcast."""
    def copysign_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `copysign`: changes the tensor and returns it."""
    def corrcoef(self) -> Tensor:
        """The correlation coefficients of the rows of a matrix."""
    def cos(self) -> Tensor:
        """The cosine, of radians."""
    def cos_(self) -> Tensor:
        """In-place form of `cos`: changes the tensor and returns it."""
    def cosh(self) -> Tensor:
        """(e^x + e^-x) / 2"""
    def cosh_(self) -> Tensor:
        """In-place form of `cosh`: changes the tensor and returns it."""
    def count_nonzero(self, dim: Dim = None) -> Tensor:
        """How many elements (along `dim`) are not 0, int64."""
    def cov(self, *, correction: _int = 1) -> Tensor:
        """The covariances of the rows (variables) of a matrix, over its columns (observations)."""
    def cpu(self) -> Tensor:
        """The tensor in host memory; itself if it is there."""
    def cross(self, other: Tensor, dim: _int | None = None) -> Tensor:
        """The vector product of vectors of three elements along `dim` (the first axis of length 3 without it)."""
    def cuda(self, device: Any = None, non_blocking: _bool = False) -> Tensor:
        """The tensor on the GPU (`device` None, 0, "cuda:0"); RuntimeError where there is none."""
    def cummax(self, dim: _int) -> Any:
        """(values, indices): the largest so far along `dim`, and where it stands (the last of equal ones)."""
    def cummin(self, dim: _int) -> Any:
        """(values, indices): the smallest so far along `dim`, and where it stands (the last of equal ones)."""
    def cumprod(self, dim: _int, *, dtype: Any = None) -> Tensor:
        """Running products along `dim`; of whole numbers as int64."""
    def cumprod_(self, dim: _int, *, dtype: Any = None) -> Tensor:
        """In-place form of `cumprod`: changes the tensor and returns it."""
    def cumsum(self, dim: _int, *, dtype: Any = None) -> Tensor:
        """Running sums along `dim`; of whole numbers as int64."""
    def cumsum_(self, dim: _int, *, dtype: Any = None) -> Tensor:
        """In-place form of `cumsum`: changes the tensor and returns it."""
    def data_ptr(self) -> _int:
        """The address of the first element."""
    def deg2rad(self) -> Tensor:
        """Degrees as radians."""
    def deg2rad_(self) -> Tensor:
        """In-place form of `deg2rad`: changes the tensor and returns it."""
    def det(self) -> Tensor:
        """The determinant of each square matrix."""
    def diag(self, diagonal: _int = 0) -> Tensor:
        """The diagonal of a matrix as a vector, or the square matrix with a vector on that diagonal."""
    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """The elements (i, i + offset) of axes `dim1`, `dim2`, as the last axis; a view."""
    def diagonal_scatter(self, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """`input` with `src` on a diagonal of axes `dim1`, `dim2`."""
    def diff(self, n: _int = 1, dim: _int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
        """Each element less the one before along `dim`, `n` times; `prepend` and `append` are put beside first."""
    def dim_order(self) -> tuple[_int, ...]:
        """The axes in the order of memory, the one with the widest steps first."""
    def dist(self, other: Tensor, p: _float = 2) -> Tensor:
        """The p-norm of input - other, broadcast; 0-d."""
    def div(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def div_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """In-place form of `div`: changes the tensor and returns it."""
    def divide(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """As `div`."""
    def divide_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """In-place form of `divide`: changes the tensor and returns it."""
    def dot(self, tensor: Tensor) -> Tensor:
        """The sum of the products of two 1-d tensors, 0-d."""
    def double(self) -> Tensor:
        """The tensor as float64; itself if it is so already."""
    def dsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Equal pieces along the third axis, or from these indices on; views."""
    def eq(self, other: Tensor | Number) -> Tensor:
        """input = other, as bools."""
    def eq_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `eq`: changes the tensor and returns it."""
    def equal(self, other: Tensor) -> _bool:
        """Whether both tensors have the same shape and equal elements, a Python bool."""
    def erf(self) -> Tensor:
        """The error function 2/√π ∫ e^(-t²) dt from 0 to input."""
    def erf_(self) -> Tensor:
        """`erf`, written into `input`."""
    def erfc(self) -> Tensor:
        """1 - erf(input)"""
    def erfc_(self) -> Tensor:
        """`erfc`, written into `input`."""
    def exp(self) -> Tensor:
        """e to the power of each element."""
    def exp2(self) -> Tensor:
        """2 to the power of each element."""
    def exp2_(self) -> Tensor:
        """In-place form of `exp2`: changes the tensor and returns it."""
    def exp_(self) -> Tensor:
        """In-place form of `exp`: changes the tensor and returns it."""
    def expand(self, *size: Any) -> Tensor:
        """Axes of length 1 stretched to `size` without a copy; -1 keeps a length, new axes go in front."""
    def expand_as(self, other: Tensor) -> Tensor:
        """`expand` to the shape of `other`."""
    def expm1(self) -> Tensor:
        """e^x - 1, exact near 0."""
    def expm1_(self) -> Tensor:
        """In-place form of `expm1`: changes the tensor and returns it."""
    def exponential_(self, lambd: _float = 1.0, *, generator: Stream | None = None) -> Tensor:
        """Fill with exponential numbers of rate `lambd`, in place."""
    def fill_(self, value: Any) -> Tensor:
        """Set every element to `value` (a number or a 0-d tensor), in place."""
    def fill_diagonal_(self, fill_value: _float, wrap: _bool = False) -> Tensor:
        """`fill_value` where all indices are equal, in place; with `wrap` the diagonal of a tall matrix goes on …"""
    def fix(self) -> Tensor:
        """As `trunc`."""
    def fix_(self) -> Tensor:
        """In-place form of `fix`: changes the tensor and returns it."""
    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """The axes from `start_dim` to `end_dim` (included) as one."""
    def flip(self, *dims: Any) -> Tensor:
        """The elements in reversed order along `dims`, a copy."""
    def fliplr(self) -> Tensor:
        """The second axis in reversed order: left and right exchanged."""
    def flipud(self) -> Tensor:
        """The first axis in reversed order: top and bottom exchanged."""
    def float(self) -> Tensor:
        """The tensor as float32; itself if it is so already."""
    def float_power(self, exponent: Tensor | Number) -> Tensor:
        """input to the power `exponent`, computed and given in float64."""
    def float_power_(self, exponent: Tensor | Number) -> Tensor:
        """In-place form of `float_power`: changes the tensor and returns it."""
    def floor(self) -> Tensor:
        """The largest integer not above each element."""
    def floor_(self) -> Tensor:
        """In-place form of `floor`: changes the tensor and returns it."""
    def floor_divide(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    def floor_divide_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `floor_divide`: changes the tensor and returns it."""
    def fmax(self, other: Tensor) -> Tensor:
        """The larger of each pair of elements; of a number and NaN, the number."""
    def fmin(self, other: Tensor) -> Tensor:
        """The smaller of each pair of elements; of a number and NaN, the number."""
    def fmod(self, other: Tensor | Number) -> Tensor:
        """input modulo other, with the sign of `input`, as C's fmod."""
    def fmod_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `fmod`: changes the tensor and returns it."""
    def frac(self) -> Tensor:
        """The part behind the point, with the sign of each element."""
    def frac_(self) -> Tensor:
        """In-place form of `frac`: changes the tensor and returns it."""
    def gather(self, dim: _int, index: Tensor) -> Tensor:
        """input[i, index[i, j], …] along `dim`; the shape is that of `index` (int64)."""
    def gcd(self, other: Tensor) -> Tensor:
        """The greatest common divisor of whole numbers, broadcast."""
    def gcd_(self, other: Tensor) -> Tensor:
        """In-place form of `gcd`: changes the tensor and returns it."""
    def ge(self, other: Tensor | Number) -> Tensor:
        """input ≥ other, as bools."""
    def ge_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `ge`: changes the tensor and returns it."""
    def geometric_(self, p: _float, *, generator: Stream | None = None) -> Tensor:
        """Fill with the number of trials of chance `p` that the first success takes, in place."""
    def ger(self, vec2: Tensor) -> Tensor:
        """As `outer`."""
    def get_device(self) -> _int:
        """The number of the GPU that a tensor is on, -1 for the CPU."""
    def greater(self, other: Tensor | Number) -> Tensor:
        """As `gt`."""
    def greater_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `greater`: changes the tensor and returns it."""
    def greater_equal(self, other: Tensor | Number) -> Tensor:
        """As `ge`."""
    def greater_equal_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `greater_equal`: changes the tensor and returns it."""
    def gt(self, other: Tensor | Number) -> Tensor:
        """input > other, as bools."""
    def gt_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `gt`: changes the tensor and returns it."""
    def half(self) -> Tensor:
        """The tensor as float16; itself if it is so already."""
    def hardshrink(self, lambd: _float = 0.5) -> Tensor:
        """input outside of [-lambd, lambd], else 0."""
    def heaviside(self, values: Tensor) -> Tensor:
        """0 below 0, 1 above, and `values` at 0; RuntimeError for two types."""
    def heaviside_(self, values: Tensor) -> Tensor:
        """In-place form of `heaviside`: changes the tensor and returns it."""
    def histc(self, bins: _int = 100, min: _float = 0, max: _float = 0) -> Tensor:
        """How many elements fall into each of `bins` equal intervals of [min, max] (both 0: of what there is)."""
    def hsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Equal pieces side by side (along the second axis, of a vector the first), or from these indices on; views."""
    def hypot(self, other: Tensor) -> Tensor:
        """√(input² + other²), broadcast: the length of the hypotenuse."""
    def hypot_(self, other: Tensor) -> Tensor:
        """In-place form of `hypot`: changes the tensor and returns it."""
    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _float = 1) -> Tensor:
        """`input` with alpha · source[k] added to its part index[k] of axis `dim`."""
    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _float = 1) -> Tensor:
        """In-place form of `index_add`: changes the tensor and returns it."""
    def index_copy(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """`input` with source[k] as its part index[k] of axis `dim`."""
    def index_copy_(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """In-place form of `index_copy`: changes the tensor and returns it."""
    def index_fill(self, dim: _int, index: Tensor, value: Any) -> Tensor:
        """`input` with `value` (a number or a 0-d tensor) in the parts of axis `dim` at `index`."""
    def index_fill_(self, dim: _int, index: Tensor, value: Any) -> Tensor:
        """In-place form of `index_fill`: changes the tensor and returns it."""
    def index_put(self, indices: Sequence[Any], values: Tensor, accumulate: _bool = False) -> Tensor:
        """`input` with `values` (broadcast) at [indices], a tuple of tensors; with `accumulate` they are added, …"""
    def index_put_(self, indices: Sequence[Any], values: Tensor, accumulate: _bool = False) -> Tensor:
        """In-place form of `index_put`: changes the tensor and returns it."""
    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """The parts of axis `dim` at `index` (int64, 1-d), in that order; a copy."""
    def inner(self, other: Tensor) -> Tensor:
        """The sum of products over the last axes of both: (…, K) and (…, K) give (…, …)."""
    def int(self) -> Tensor:
        """The tensor as int32; itself if it is so already."""
    def inverse(self) -> Tensor:
        """The inverse of each square matrix; LinAlgError where there is none."""
    def is_complex(self) -> _bool:
        """False: minicnn has no complex numbers."""
    def is_conj(self) -> _bool:
        """False: minicnn has no complex numbers."""
    @property
    def is_cpu(self) -> _bool:
        """Whether the elements are in host memory."""
    def is_inference(self) -> _bool:
        """False: tensors made in `inference_mode` are like others here."""
    @property
    def is_meta(self) -> _bool:
        """False: minicnn has no tensors without numbers."""
    @property
    def is_mkldnn(self) -> _bool:
        """False: minicnn has no tensors in oneDNN's layouts."""
    @property
    def is_mps(self) -> _bool:
        """False: minicnn has no tensors on Apple's GPUs."""
    @property
    def is_nested(self) -> _bool:
        """False: minicnn has no nested tensors."""
    def is_pinned(self, device: Any = None) -> _bool:
        """Whether the elements lie in memory of the host that a GPU can fetch by itself (`pin_memory`)."""
    @property
    def is_quantized(self) -> _bool:
        """False: minicnn has no quantised tensors."""
    def is_set_to(self, tensor: Tensor) -> _bool:
        """Whether both tensors are the same memory in the same shape and order."""
    def is_shared(self) -> _bool:
        """Whether other processes see the memory: after `share_memory_`, and on a GPU."""
    def is_signed(self) -> _bool:
        """Whether the type of the elements has negative numbers."""
    @property
    def is_sparse(self) -> _bool:
        """False: minicnn has no sparse tensors."""
    @property
    def is_xpu(self) -> _bool:
        """False: minicnn has no tensors on Intel's GPUs."""
    def isclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Tensor:
        """|input - other| ≤ atol + rtol · |other|, element by element, bool."""
    def isfinite(self) -> Tensor:
        """True where an element is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """True where an element is +inf or -inf."""
    def isnan(self) -> Tensor:
        """True where an element is NaN."""
    def isneginf(self) -> Tensor:
        """True where an element is -inf."""
    def isposinf(self) -> Tensor:
        """True where an element is +inf."""
    def isreal(self) -> Tensor:
        """True: minicnn has no complex numbers."""
    @property
    def itemsize(self) -> _int:
        """The bytes of one element."""
    def kron(self, other: Tensor) -> Tensor:
        """Kronecker's product: `other` times each element of `input`, in its place."""
    def kthvalue(self, k: _int, dim: _int = -1, keepdim: _bool = False) -> Any:
        """(values, indices): the k-th smallest along `dim`, counted from 1."""
    def lcm(self, other: Tensor) -> Tensor:
        """The least common multiple of whole numbers, broadcast."""
    def lcm_(self, other: Tensor) -> Tensor:
        """In-place form of `lcm`: changes the tensor and returns it."""
    def le(self, other: Tensor | Number) -> Tensor:
        """input ≤ other, as bools."""
    def le_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `le`: changes the tensor and returns it."""
    def lerp(self, end: Tensor, weight: Tensor | Number) -> Tensor:
        """input + weight · (end - input), broadcast: from `input` at weight 0 to `end` at 1, both exactly."""
    def lerp_(self, end: Tensor, weight: Tensor | Number) -> Tensor:
        """In-place form of `lerp`: changes the tensor and returns it."""
    def less(self, other: Tensor | Number) -> Tensor:
        """As `lt`."""
    def less_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `less`: changes the tensor and returns it."""
    def less_equal(self, other: Tensor | Number) -> Tensor:
        """As `le`."""
    def less_equal_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `less_equal`: changes the tensor and returns it."""
    def log(self) -> Tensor:
        """The natural logarithm; -inf at 0, NaN below."""
    def log10(self) -> Tensor:
        """The logarithm to base 10."""
    def log10_(self) -> Tensor:
        """In-place form of `log10`: changes the tensor and returns it."""
    def log1p(self) -> Tensor:
        """ln(1 + input), exact near 0."""
    def log1p_(self) -> Tensor:
        """In-place form of `log1p`: changes the tensor and returns it."""
    def log2(self) -> Tensor:
        """The logarithm to base 2: bits where `log` gives nats."""
    def log2_(self) -> Tensor:
        """In-place form of `log2`: changes the tensor and returns it."""
    def log_(self) -> Tensor:
        """In-place form of `log`: changes the tensor and returns it."""
    def log_normal_(self, mean: _float = 1.0, std: _float = 2.0, *, generator: Stream | None = None) -> Tensor:
        """Fill with numbers whose logarithm is normal with this `mean` and `std`, in place."""
    def log_softmax(self, dim: _int | None = None, dtype: Any = None) -> Tensor:
        """ln softmax(input) along `dim`, without the loss of precision of taking the two apart."""
    def logaddexp(self, other: Tensor) -> Tensor:
        """ln(e^input + e^other), broadcast, without overflow."""
    def logaddexp2(self, other: Tensor) -> Tensor:
        """log2(2^input + 2^other), broadcast, without overflow."""
    def logical_and(self, other: Tensor) -> Tensor:
        """True where neither element is 0."""
    def logical_and_(self, other: Tensor) -> Tensor:
        """In-place form of `logical_and`: changes the tensor and returns it."""
    def logical_not(self) -> Tensor:
        """True where an element is 0."""
    def logical_not_(self) -> Tensor:
        """In-place form of `logical_not`: changes the tensor and returns it."""
    def logical_or(self, other: Tensor) -> Tensor:
        """True where an element is not 0."""
    def logical_or_(self, other: Tensor) -> Tensor:
        """In-place form of `logical_or`: changes the tensor and returns it."""
    def logical_xor(self, other: Tensor) -> Tensor:
        """True where exactly one of two elements is not 0."""
    def logical_xor_(self, other: Tensor) -> Tensor:
        """In-place form of `logical_xor`: changes the tensor and returns it."""
    def logit(self, eps: _float | None = None) -> Tensor:
        """ln(x / (1 - x)), the inverse of `sigmoid`; with `eps`, of x limited to [eps, 1 - eps]."""
    def logit_(self, eps: _float | None = None) -> Tensor:
        """In-place form of `logit`: changes the tensor and returns it."""
    def logsumexp(self, dim: Dim, keepdim: _bool = False) -> Tensor:
        """ln Σ e^x over `dim`, without overflow."""
    def long(self) -> Tensor:
        """The tensor as int64; itself if it is so already."""
    def lt(self, other: Tensor | Number) -> Tensor:
        """input < other, as bools."""
    def lt_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `lt`: changes the tensor and returns it."""
    @property
    def mH(self) -> Tensor:
        """The last two axes exchanged."""
    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged, a view: `x.mT`."""
    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """`value` (a number or 0-d tensor) where `mask` (bool, broadcast) holds, `input` elsewhere."""
    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """In-place form of `masked_fill`: changes the tensor and returns it."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """`input` with the first elements of `source`, in order, where `mask` (bool, broadcast) holds."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place form of `masked_scatter`: changes the tensor and returns it."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where `mask` (bool) holds, 1-d; both broadcast to one shape."""
    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product; axes before the last two broadcast, a 1-d operand is a row (left) or a column."""
    def matrix_power(self, n: _int) -> Tensor:
        """A square matrix (or batch of them) multiplied by itself `n` times; by squaring. Negative `n`: of the …"""
    def max(self, dim: Any = None, keepdim: _bool = False, *, other: Tensor | None = None) -> Any:
        """`max(input)`: the largest element. `max(input, dim)`: (values, indices) along one axis, the first where …"""
    def maximum(self, other: Tensor) -> Tensor:
        """The larger of each pair of elements; NaN if one is NaN."""
    def mean(self, dim: Dim = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over `dim`; NaN of nothing. RuntimeError for whole numbers (use .float())."""
    def median(self, dim: _int | None = None, keepdim: _bool = False) -> Any:
        """The lower median of all elements, or (values, indices) along `dim`."""
    def min(self, dim: Any = None, keepdim: _bool = False, *, other: Tensor | None = None) -> Any:
        """`min(input)`: the smallest element. `min(input, dim)`: (values, indices) along one axis, the first …"""
    def minimum(self, other: Tensor) -> Tensor:
        """The smaller of each pair of elements; NaN if one is NaN."""
    def mm(self, mat2: Tensor) -> Tensor:
        """The product of (M, K) and (K, N): (M, N)."""
    def mode(self, dim: _int = -1, keepdim: _bool = False) -> Any:
        """(values, indices): what occurs most often along `dim` (the smallest of several), and its last place."""
    def moveaxis(self, source: Any, destination: Any) -> Tensor:
        """As `movedim`."""
    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Axes `source` moved to the places `destination` (ints or tuples of equal length), a view."""
    def msort(self) -> Tensor:
        """Sorted along the first axis."""
    def mul(self, other: Tensor | Number) -> Tensor:
        """input · other, broadcast."""
    def mul_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `mul`: changes the tensor and returns it."""
    def multinomial(self, num_samples: _int, replacement: _bool = False, *, generator: Stream | None = None) -> Tensor:
        """`num_samples` indices a row, drawn in proportion to the weights (C,) or (N, C); int64."""
    def multiply(self, other: Tensor | Number) -> Tensor:
        """As `mul`."""
    def multiply_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `multiply`: changes the tensor and returns it."""
    def mv(self, vec: Tensor) -> Tensor:
        """The product of (M, K) and (K,): (M,)."""
    def nan_to_num(
        self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None
    ) -> Tensor:
        """`nan` (0) in place of NaN, `posinf` and `neginf` (the largest and smallest numbers) for the infinities."""
    def nan_to_num_(
        self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None
    ) -> Tensor:
        """In-place form of `nan_to_num`: changes the tensor and returns it."""
    def nanmean(self, dim: Dim = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over `dim` of what is not NaN; NaN of nothing."""
    def nansum(self, dim: Dim = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over `dim` of what is not NaN."""
    def narrow(self, dim: _int, start: _int, length: _int) -> Tensor:
        """`length` indices of axis `dim` from `start` on, a view."""
    @property
    def nbytes(self) -> _int:
        """The bytes of all elements."""
    def ndimension(self) -> _int:
        """The number of axes."""
    def ne(self, other: Tensor | Number) -> Tensor:
        """input ≠ other, as bools."""
    def ne_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `ne`: changes the tensor and returns it."""
    def neg(self) -> Tensor:
        """-input"""
    def neg_(self) -> Tensor:
        """In-place form of `neg`: changes the tensor and returns it."""
    def negative(self) -> Tensor:
        """As `neg`."""
    def negative_(self) -> Tensor:
        """In-place form of `negative`: changes the tensor and returns it."""
    def new(self, *args: Any) -> Tensor:
        """A tensor of the same type: `new(2, 3)` of that shape (not filled), `new([1, 2])` of these values."""
    def new_empty(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: _bool = False) -> Tensor:
        """Uninitialised in shape `size`, with the type and device of `input`."""
    def new_full(
        self, size: Any, fill_value: Any, dtype: Any = None, device: Any = None, requires_grad: _bool = False
    ) -> Tensor:
        """`fill_value` in shape `size`, with the type and device of `input`."""
    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: _bool = False) -> Tensor:
        """1 in shape `size`, with the type and device of `input`."""
    def new_tensor(self, data: Any, dtype: Any = None, device: Any = None, requires_grad: _bool = False) -> Tensor:
        """A copy of `data`, with the type and device of `input`."""
    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: _bool = False) -> Tensor:
        """0 in shape `size`, with the type and device of `input`."""
    def nonzero(self, *, as_tuple: _bool = False) -> Any:
        """The indices of the elements that are not 0: int64 (number, ndim), or one tensor for each axis."""
    def norm(self, p: Any = "fro", dim: Dim = None, keepdim: _bool = False, dtype: Any = None) -> Tensor:
        """(Σ |x|^p)^(1/p) over `dim`; "fro" is p = 2, inf and -inf the largest and smallest |x|."""
    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Stream | None = None) -> Tensor:
        """Fill with normal numbers, in place."""
    def not_equal(self, other: Tensor | Number) -> Tensor:
        """As `ne`."""
    def not_equal_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `not_equal`: changes the tensor and returns it."""
    def outer(self, vec2: Tensor) -> Tensor:
        """Every product of an element of (M,) and one of (N,): (M, N)."""
    @property
    def output_nr(self) -> _int:
        """Which of the outputs of its operation a tensor is."""
    def permute(self, *dims: Any) -> Tensor:
        """The axes in the order `dims`, a view."""
    def pin_memory(self, device: Any = None) -> Tensor:
        """A copy in memory of the host that a GPU can fetch by itself: `x.pin_memory().to("cuda", …"""
    def pinverse(self, rcond: _float | None = None) -> Tensor:
        """The pseudo-inverse of each matrix (Moore & Penrose); no gradient."""
    def positive(self) -> Tensor:
        """+input: the tensor itself."""
    def pow(self, exponent: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def pow_(self, exponent: Tensor | Number) -> Tensor:
        """In-place form of `pow`: changes the tensor and returns it."""
    def prelu(self, weight: Tensor) -> Tensor:
        """input above 0, else weight · input: one weight, or one for each channel of (N, C, …) (He et al. 2015)."""
    def prod(self, dim: _int | None = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The product over one axis or all; of whole numbers and bools as int64."""
    def put_(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """The elements of `source` at the places `index` of the flat tensor, or added there; in place."""
    def quantile(
        self, q: Any, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """The `q`-quantiles along `dim` (of all elements without it); `q` is a number or a 1-d tensor in [0, 1]."""
    def rad2deg(self) -> Tensor:
        """Radians as degrees."""
    def rad2deg_(self) -> Tensor:
        """In-place form of `rad2deg`: changes the tensor and returns it."""
    def random_(self, from_: _int = 0, to: _int | None = None, *, generator: Stream | None = None) -> Tensor:
        """Fill with whole numbers in [from, to), in place; `random_(to)` from 0, and without arguments up to the …"""
    def ravel(self) -> Tensor:
        """All elements in one axis; a view where possible."""
    def reciprocal(self) -> Tensor:
        """1 / input"""
    def reciprocal_(self) -> Tensor:
        """In-place form of `reciprocal`: changes the tensor and returns it."""
    def relu(self, inplace: _bool = False) -> Tensor:
        """max(input, 0), element by element; `inplace` writes the result into `input`."""
    def relu_(self, inplace: _bool = False) -> Tensor:
        """In-place form of `relu`: changes the tensor and returns it."""
    def remainder(self, other: Tensor | Number) -> Tensor:
        """input modulo other, with the sign of `other`, as Python's %."""
    def remainder_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `remainder`: changes the tensor and returns it."""
    def repeat(self, *repeats: Any) -> Tensor:
        """`repeats[i]` copies side by side along axis i; new axes go in front."""
    def repeat_interleave(
        self, repeats: Any = None, dim: _int | None = None, *, output_size: _int | None = None
    ) -> Tensor:
        """Each part of axis `dim` (of the flat tensor without it) `repeats` times (a number, or one for each)."""
    def reshape(self, *shape: Any) -> Tensor:
        """The elements in another shape; one length may be -1. A view where `view` allows it, else a copy."""
    def reshape_as(self, other: Tensor) -> Tensor:
        """The elements in the shape of `other`."""
    def resize_(self, *sizes: Any) -> Tensor:
        """Another shape in place: the first elements in C order, with memory of its own (not filled) if they are …"""
    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """The elements moved `shifts` places along `dims` (flattened, without them), round the end."""
    def rot90(self, k: _int = 1, dims: Sequence[_int] = ...) -> Tensor:
        """Turned by k·90° in the plane of two axes, from the first towards the second."""
    def round(self, *, decimals: _int = 0) -> Tensor:
        """The nearest number with `decimals` digits after the point, halves to even."""
    def round_(self, *, decimals: _int = 0) -> Tensor:
        """In-place form of `round_`: changes the tensor and returns it."""
    def rsqrt(self) -> Tensor:
        """1 / √input"""
    def rsqrt_(self) -> Tensor:
        """In-place form of `rsqrt`: changes the tensor and returns it."""
    def scatter(self, dim: _int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
        """`input` with `src` (a tensor at least as large as `index`, or a number) at `index` along `dim`."""
    def scatter_(self, dim: _int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
        """In-place form of `scatter`: changes the tensor and returns it."""
    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """`input` with `src` added at `index` along `dim`, as often as an index occurs."""
    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """In-place form of `scatter_add`: changes the tensor and returns it."""
    def scatter_reduce(
        self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """`input` with the "sum", "mean", "amax" or "amin" (or "prod", without a gradient) of what `src` brings …"""
    def scatter_reduce_(
        self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """In-place form of `scatter_reduce`: changes the tensor and returns it."""
    def select(self, dim: _int, index: _int) -> Tensor:
        """The part at `index` of axis `dim`, without that axis, a view."""
    def select_scatter(self, src: Tensor, dim: _int, index: _int) -> Tensor:
        """`input` with `src` as the part at `index` of axis `dim`."""
    def sgn(self) -> Tensor:
        """As `sign`."""
    def sgn_(self) -> Tensor:
        """In-place form of `sgn`: changes the tensor and returns it."""
    def share_memory_(self) -> Tensor:
        """Move a tensor into memory that processes share: what one of them writes, the others read."""
    def short(self) -> Tensor:
        """The tensor as int16; itself if it is so already."""
    def sigmoid(self) -> Tensor:
        """1 / (1 + e^-input), element by element."""
    def sigmoid_(self) -> Tensor:
        """In-place form of `sigmoid`: changes the tensor and returns it."""
    def sign(self) -> Tensor:
        """-1, 0 or 1; NaN stays NaN."""
    def sign_(self) -> Tensor:
        """In-place form of `sign`: changes the tensor and returns it."""
    def signbit(self) -> Tensor:
        """True where the sign is minus, that of -0.0 included."""
    def sin(self) -> Tensor:
        """The sine, of radians."""
    def sin_(self) -> Tensor:
        """In-place form of `sin`: changes the tensor and returns it."""
    def sinh(self) -> Tensor:
        """(e^x - e^-x) / 2"""
    def sinh_(self) -> Tensor:
        """In-place form of `sinh`: changes the tensor and returns it."""
    def slice_scatter(
        self, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1
    ) -> Tensor:
        """`input` with `src` in the indices start … end of axis `dim`."""
    def slogdet(self) -> Any:
        """(sign, logabsdet) of the determinant of each square matrix, which may be too large or small itself."""
    def softmax(self, dim: _int | None = None, dtype: Any = None) -> Tensor:
        """e^input divided by its sum along `dim`: numbers in (0, 1) that add up to 1."""
    def sort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Any:
        """(values, indices) in ascending (descending) order along `dim`; equal elements keep their order."""
    def split(self, split_size_or_sections: Any = None, dim: _int = 0, *, split_size: Any = None) -> tuple[Tensor, ...]:
        """Pieces of one length (the last may be shorter), or of the lengths in a list, along `dim`; views."""
    def split_with_sizes(
        self, split_size_or_sections: Any = None, dim: _int = 0, *, split_size: Any = None
    ) -> tuple[Tensor, ...]:
        """As `split`."""
    def sqrt(self) -> Tensor:
        """The square root; NaN below 0."""
    def sqrt_(self) -> Tensor:
        """In-place form of `sqrt`: changes the tensor and returns it."""
    def square(self) -> Tensor:
        """input²"""
    def square_(self) -> Tensor:
        """In-place form of `square`: changes the tensor and returns it."""
    def squeeze(self, dim: Any = None) -> Tensor:
        """Without the axes of length 1, or without those named by `dim` (int or tuple) if their length is 1."""
    def squeeze_(self, dim: Any = None) -> Tensor:
        """In-place form of `squeeze`."""
    def std(
        self,
        dim: Any = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
    ) -> Tensor:
        """The standard deviation, the root of `var`."""
    def storage_offset(self) -> _int:
        """How many elements of its memory lie before a tensor's first."""
    def sub(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha · other, broadcast."""
    def sub_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """In-place form of `sub`: changes the tensor and returns it."""
    def subtract(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """As `sub`."""
    def subtract_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """In-place form of `subtract`: changes the tensor and returns it."""
    def sum(self, dim: Dim = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over `dim`; of whole numbers and bools as int64."""
    def sum_to_size(self, *size: Any) -> Tensor:
        """The sum over what broadcasting would have added to a tensor of shape `size`."""
    def swapaxes(self, dim0: _int, dim1: _int) -> Tensor:
        """As `transpose`."""
    def swapaxes_(self, dim0: _int, dim1: _int) -> Tensor:
        """As `transpose`."""
    def swapdims(self, dim0: _int, dim1: _int) -> Tensor:
        """As `transpose`."""
    def swapdims_(self, dim0: _int, dim1: _int) -> Tensor:
        """As `transpose`."""
    def t(self) -> Tensor:
        """A matrix transposed (a vector or 0-d tensor as it is), a view."""
    def t_(self) -> Tensor:
        """In-place form of `t`."""
    def take(self, index: Tensor) -> Tensor:
        """The elements of the flat tensor at `index`, in its shape."""
    def take_along_dim(self, indices: Tensor, dim: _int | None = None) -> Tensor:
        """The elements at `indices` along `dim`, both broadcast beside it; without `dim` of the flat tensor."""
    def tan(self) -> Tensor:
        """The tangent, of radians."""
    def tan_(self) -> Tensor:
        """In-place form of `tan`: changes the tensor and returns it."""
    def tanh(self) -> Tensor:
        """The hyperbolic tangent, element by element."""
    def tanh_(self) -> Tensor:
        """In-place form of `tanh`: changes the tensor and returns it."""
    def tensor_split(self, indices_or_sections: Any, dim: _int = 0) -> tuple[Tensor, ...]:
        """`indices_or_sections` pieces of almost equal length along `dim`, or pieces that begin at these indices; …"""
    def tile(self, *dims: Any) -> Tensor:
        """As `repeat`, with `dims` filled up by 1 in front where the tensor has more axes."""
    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: _bool = False,
        copy: _bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        """The tensor with another dtype, on another device, or both; itself where nothing changes."""
    def topk(self, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True) -> Any:
        """(values, indices) of the `k` largest (smallest) elements along `dim`, in order."""
    def trace(self) -> Tensor:
        """The sum of the diagonal of a matrix, 0-d."""
    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """Axes `dim0` and `dim1` exchanged, a view."""
    def transpose_(self, dim0: _int, dim1: _int) -> Tensor:
        """In-place form of `transpose`."""
    def tril(self, diagonal: _int = 0) -> Tensor:
        """The lower triangle of each matrix (…, M, N), the given diagonal included, 0 above."""
    def tril_(self, diagonal: _int = 0) -> Tensor:
        """In-place form of `tril`: changes the tensor and returns it."""
    def triu(self, diagonal: _int = 0) -> Tensor:
        """The upper triangle of each matrix (…, M, N), the given diagonal included, 0 below."""
    def triu_(self, diagonal: _int = 0) -> Tensor:
        """In-place form of `triu`: changes the tensor and returns it."""
    def true_divide(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """As `div`."""
    def true_divide_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """In-place form of `true_divide`: changes the tensor and returns it."""
    def trunc(self) -> Tensor:
        """The integer part, towards 0."""
    def trunc_(self) -> Tensor:
        """In-place form of `trunc`: changes the tensor and returns it."""
    def type(self, dtype: Any = None) -> Any:
        """The tensor as `dtype` (also "torch.FloatTensor"); without one, the name of its type, that long."""
    def type_as(self, other: Tensor) -> Tensor:
        """The tensor with the type (and device) of `other`."""
    def unbind(self, dim: _int = 0) -> tuple[Tensor, ...]:
        """All parts along axis `dim`, without it; views."""
    def unflatten(self, dim: _int, sizes: Sequence[_int]) -> Tensor:
        """Axis `dim` cut into axes of lengths `sizes`, one of which may be -1."""
    def unfold(self, dimension: _int, size: _int, step: _int) -> Tensor:
        """All windows of `size` elements along an axis, `step` apart: (…, number of windows, …, size), a view."""
    def uniform_(
        self, from_: _float = 0.0, to: _float = 1.0, *, generator: Stream | None = None, **named: _float
    ) -> Tensor:
        """Fill with numbers uniform in [from, to), in place."""
    def unique(
        self, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
    ) -> Any:
        """The different values in ascending order; with `return_inverse`, `return_counts` a tuple."""
    def unique_consecutive(
        self, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
    ) -> Any:
        """The elements without those that equal the one before, flat (or the parts along `dim`)."""
    def unsqueeze(self, dim: _int) -> Tensor:
        """With an axis of length 1 at place `dim`."""
    def unsqueeze_(self, dim: _int) -> Tensor:
        """In-place form of `unsqueeze`."""
    def var(
        self,
        dim: Any = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
    ) -> Tensor:
        """The variance over `dim`, divided by n - correction (1; `unbiased=False` is correction 0)."""
    def vdot(self, other: Tensor) -> Tensor:
        """The sum of the products of two 1-d tensors, 0-d."""
    def view(self, *size: Any) -> Tensor:
        """The same memory in another shape; one length may be -1. `view(dtype)`: its bits as another type."""
    def view_as(self, other: Tensor) -> Tensor:
        """A view in the shape of `other`."""
    def vsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Equal pieces one below the other (along the first axis), or from these indices on; views."""
    def where(self, condition: Tensor, other: Any) -> Tensor:
        """input where `condition` (bool) holds, other elsewhere."""
    def xlogy(self, other: Tensor | Number) -> Tensor:
        """input · ln(other), and 0 where `input` is 0 (but NaN where `other` is); broadcast."""
    def xlogy_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `xlogy`: changes the tensor and returns it."""
    def zero_(self) -> Tensor:
        """Set every element to 0, in place."""

class Parameter(Tensor):
    """A leaf that requires grad and that a Module finds among its attributes."""

    def __init__(self, data: Tensor | None = None, requires_grad: _bool = True) -> None: ...
    def __repr__(self) -> str: ...
