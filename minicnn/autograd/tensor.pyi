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
from minicnn.random import Stream

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
    grad: Tensor | None
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
        """Tensors travel between processes as arrays, without their graph."""
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
        """Keep the gradient of this non-leaf tensor in `.grad`, too."""
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
    def __isub__(self, other: Tensor | Number) -> Tensor:
        """input - alpha · other, broadcast."""
    def __itruediv__(self, other: Tensor | Number) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def __ixor__(self, other: Tensor | _int) -> Tensor:
        """input ^ other of bools or integers."""
    def __le__(self, other: Tensor | Number) -> Tensor:
        """input ≤ other, as bools."""
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
    def __pow__(self, other: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def __radd__(self, other: Tensor | Number) -> Tensor:
        """input + alpha · other, broadcast."""
    def __rand__(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def __rfloordiv__(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
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
    def T(self) -> Tensor:
        """All axes in reversed order, a view: `x.T`."""
    def abs(self) -> Tensor:
        """The absolute value."""
    def abs_(self) -> Tensor:
        """In-place form of `abs_`: changes the tensor and returns it."""
    def add(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input + alpha · other, broadcast."""
    def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """In-place form of `add`: changes the tensor and returns it."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta · input + alpha · mat1 @ mat2; `input` broadcasts to (M, N)."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """In-place form of `addmm`: changes the tensor and returns it."""
    def all(self, dim: Dim = None, keepdim: _bool = False) -> Tensor:
        """Whether all elements (along `dim`) are not 0, bool."""
    def allclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> _bool:
        """Whether `isclose` holds everywhere, a Python bool."""
    def amax(self, dim: Dim = (), keepdim: _bool = False) -> Tensor:
        """The largest element over `dim` (int or tuple; all without it)."""
    def amin(self, dim: Dim = (), keepdim: _bool = False) -> Tensor:
        """The smallest element over `dim` (int or tuple; all without it)."""
    def any(self, dim: Dim = None, keepdim: _bool = False) -> Tensor:
        """Whether an element (along `dim`) is not 0, bool."""
    def argmax(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """The index of the largest element along `dim` (of the flattened tensor without it), int64."""
    def argmin(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """The index of the smallest element along `dim` (of the flattened tensor without it), int64."""
    def argsort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Tensor:
        """The indices that sort `input` along `dim`, int64."""
    def bernoulli(self, p: _float | None = None, *, generator: Stream | None = None) -> Tensor:
        """1 with the probability that `input` holds (with `p`, that probability everywhere), else 0."""
    def bernoulli_(self, p: Any = 0.5, *, generator: Stream | None = None) -> Tensor:
        """Fill with 1 with probability `p` (a number, or a tensor of the same shape), else 0; in place."""
    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
        """How often each of 0, 1, … occurs in `input` (1-d, whole numbers not below 0), or the sum of weights."""
    def bitwise_and(self, other: Tensor | _int) -> Tensor:
        """input & other of bools or integers."""
    def bitwise_and_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_and`: changes the tensor and returns it."""
    def bitwise_not(self) -> Tensor:
        """~input of bools or integers."""
    def bitwise_not_(self) -> Tensor:
        """In-place form of `bitwise_not`: changes the tensor and returns it."""
    def bitwise_or(self, other: Tensor | _int) -> Tensor:
        """input | other of bools or integers."""
    def bitwise_or_(self, other: Tensor | _int) -> Tensor:
        """In-place form of `bitwise_or`: changes the tensor and returns it."""
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
    def chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` pieces of equal length (the last may be shorter) along `dim`; views."""
    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Each element limited to [min, max]; numbers or tensors, one of them may be None."""
    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of `clamp`: changes the tensor and returns it."""
    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """As `clamp`."""
    def clip_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place form of `clip`: changes the tensor and returns it."""
    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy with memory of its own; gradients pass through."""
    def contiguous(self, memory_format: Any = None) -> Tensor:
        """The tensor itself if its elements lie in C order, else a copy in that order."""
    def copy_(self, other: Tensor, non_blocking: _bool = False) -> Tensor:
        """Take over the elements of `other`, which broadcasts to the shape of `input`, in place."""
    def cos(self) -> Tensor:
        """The cosine, of radians."""
    def cos_(self) -> Tensor:
        """In-place form of `cos`: changes the tensor and returns it."""
    def count_nonzero(self, dim: Dim = None) -> Tensor:
        """How many elements (along `dim`) are not 0, int64."""
    def cpu(self) -> Tensor:
        """The tensor in host memory; itself if it is there."""
    def cuda(self, device: Any = None, non_blocking: _bool = False) -> Tensor:
        """The tensor on the GPU (`device` None, 0, "cuda:0"); RuntimeError where there is none."""
    def cumsum(self, dim: _int, *, dtype: Any = None) -> Tensor:
        """Running sums along `dim`; of whole numbers as int64."""
    def diag(self, diagonal: _int = 0) -> Tensor:
        """The diagonal of a matrix as a vector, or the square matrix with a vector on that diagonal."""
    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """The elements (i, i + offset) of axes `dim1`, `dim2`, as the last axis; a view."""
    def div(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other, broadcast; `rounding_mode` None, "trunc" or "floor"."""
    def div_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """In-place form of `div`: changes the tensor and returns it."""
    def dot(self, tensor: Tensor) -> Tensor:
        """The sum of the products of two 1-d tensors, 0-d."""
    def double(self) -> Tensor:
        """The tensor as float64; itself if it is so already."""
    def eq(self, other: Tensor | Number) -> Tensor:
        """input = other, as bools."""
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
    def exp_(self) -> Tensor:
        """In-place form of `exp`: changes the tensor and returns it."""
    def expand(self, *size: Any) -> Tensor:
        """Axes of length 1 stretched to `size` without a copy; -1 keeps a length, new axes go in front."""
    def expand_as(self, other: Tensor) -> Tensor:
        """`expand` to the shape of `other`."""
    def exponential_(self, lambd: _float = 1.0, *, generator: Stream | None = None) -> Tensor:
        """Fill with exponential numbers of rate `lambd`, in place."""
    def fill_(self, value: Any) -> Tensor:
        """Set every element to `value` (a number or a 0-d tensor), in place."""
    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """The axes from `start_dim` to `end_dim` (included) as one."""
    def flip(self, *dims: Any) -> Tensor:
        """The elements in reversed order along `dims`, a copy."""
    def float(self) -> Tensor:
        """The tensor as float32; itself if it is so already."""
    def floor(self) -> Tensor:
        """The largest integer not above each element."""
    def floor_(self) -> Tensor:
        """In-place form of `floor`: changes the tensor and returns it."""
    def floor_divide(self, other: Tensor | Number) -> Tensor:
        """floor(input / other), broadcast; RuntimeError for an integer division by zero."""
    def floor_divide_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `floor_divide`: changes the tensor and returns it."""
    def gather(self, dim: _int, index: Tensor) -> Tensor:
        """input[i, index[i, j], …] along `dim`; the shape is that of `index` (int64)."""
    def ge(self, other: Tensor | Number) -> Tensor:
        """input ≥ other, as bools."""
    def geometric_(self, p: _float, *, generator: Stream | None = None) -> Tensor:
        """Fill with the number of trials of chance `p` that the first success takes, in place."""
    def gt(self, other: Tensor | Number) -> Tensor:
        """input > other, as bools."""
    def half(self) -> Tensor:
        """The tensor as float16; itself if it is so already."""
    def hardshrink(self, lambd: _float = 0.5) -> Tensor:
        """input outside of [-lambd, lambd], else 0."""
    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _float = 1) -> Tensor:
        """`input` with alpha · source[k] added to its part index[k] of axis `dim`."""
    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _float = 1) -> Tensor:
        """In-place form of `index_add`: changes the tensor and returns it."""
    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """The parts of axis `dim` at `index` (int64, 1-d), in that order; a copy."""
    def int(self) -> Tensor:
        """The tensor as int32; itself if it is so already."""
    def isclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Tensor:
        """|input - other| ≤ atol + rtol · |other|, element by element, bool."""
    def isfinite(self) -> Tensor:
        """True where an element is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """True where an element is +inf or -inf."""
    def isnan(self) -> Tensor:
        """True where an element is NaN."""
    def le(self, other: Tensor | Number) -> Tensor:
        """input ≤ other, as bools."""
    def log(self) -> Tensor:
        """The natural logarithm; -inf at 0, NaN below."""
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
    def logsumexp(self, dim: Dim, keepdim: _bool = False) -> Tensor:
        """ln Σ e^x over `dim`, without overflow."""
    def long(self) -> Tensor:
        """The tensor as int64; itself if it is so already."""
    def lt(self, other: Tensor | Number) -> Tensor:
        """input < other, as bools."""
    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged, a view: `x.mT`."""
    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """`value` (a number or 0-d tensor) where `mask` (bool, broadcast) holds, `input` elsewhere."""
    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """In-place form of `masked_fill`: changes the tensor and returns it."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where `mask` (bool) holds, 1-d; both broadcast to one shape."""
    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product; axes before the last two broadcast, a 1-d operand is a row (left) or a column."""
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
    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Axes `source` moved to the places `destination` (ints or tuples of equal length), a view."""
    def mul(self, other: Tensor | Number) -> Tensor:
        """input · other, broadcast."""
    def mul_(self, other: Tensor | Number) -> Tensor:
        """In-place form of `mul`: changes the tensor and returns it."""
    def multinomial(self, num_samples: _int, replacement: _bool = False, *, generator: Stream | None = None) -> Tensor:
        """`num_samples` indices a row, drawn in proportion to the weights (C,) or (N, C); int64."""
    def mv(self, vec: Tensor) -> Tensor:
        """The product of (M, K) and (K,): (M,)."""
    def narrow(self, dim: _int, start: _int, length: _int) -> Tensor:
        """`length` indices of axis `dim` from `start` on, a view."""
    def ne(self, other: Tensor | Number) -> Tensor:
        """input ≠ other, as bools."""
    def neg(self) -> Tensor:
        """-input"""
    def neg_(self) -> Tensor:
        """In-place form of `neg`: changes the tensor and returns it."""
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
    def outer(self, vec2: Tensor) -> Tensor:
        """Every product of an element of (M,) and one of (N,): (M, N)."""
    def permute(self, *dims: Any) -> Tensor:
        """The axes in the order `dims`, a view."""
    def pow(self, exponent: Tensor | Number) -> Tensor:
        """input to the power `exponent`, broadcast."""
    def pow_(self, exponent: Tensor | Number) -> Tensor:
        """In-place form of `pow`: changes the tensor and returns it."""
    def prelu(self, weight: Tensor) -> Tensor:
        """input above 0, else weight · input: one weight, or one for each channel of (N, C, …) (He et al. 2015)."""
    def prod(self, dim: _int | None = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The product over one axis or all; of whole numbers and bools as int64."""
    def random_(self, from_: _int = 0, to: _int | None = None, *, generator: Stream | None = None) -> Tensor:
        """Fill with whole numbers in [from, to), in place; `random_(to)` from 0, and without arguments up to the …"""
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
    def reshape(self, *shape: Any) -> Tensor:
        """The elements in another shape; one length may be -1. A view where `view` allows it, else a copy."""
    def reshape_as(self, other: Tensor) -> Tensor:
        """The elements in the shape of `other`."""
    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """The elements moved `shifts` places along `dims` (flattened, without them), round the end."""
    def round(self, *, decimals: _int = 0) -> Tensor:
        """The nearest number with `decimals` digits after the point, halves to even."""
    def round_(self, *, decimals: _int = 0) -> Tensor:
        """In-place form of `round_`: changes the tensor and returns it."""
    def rsqrt(self) -> Tensor:
        """1 / √input"""
    def rsqrt_(self) -> Tensor:
        """In-place form of `rsqrt`: changes the tensor and returns it."""
    def scatter(self, dim: _int, index: Tensor, src: Any) -> Tensor:
        """`input` with `src` (a tensor at least as large as `index`, or a number) at `index` along `dim`."""
    def scatter_(self, dim: _int, index: Tensor, src: Any) -> Tensor:
        """In-place form of `scatter`: changes the tensor and returns it."""
    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """`input` with `src` added at `index` along `dim`, as often as an index occurs."""
    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """In-place form of `scatter_add`: changes the tensor and returns it."""
    def select(self, dim: _int, index: _int) -> Tensor:
        """The part at `index` of axis `dim`, without that axis, a view."""
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
    def sin(self) -> Tensor:
        """The sine, of radians."""
    def sin_(self) -> Tensor:
        """In-place form of `sin`: changes the tensor and returns it."""
    def softmax(self, dim: _int | None = None, dtype: Any = None) -> Tensor:
        """e^input divided by its sum along `dim`: numbers in (0, 1) that add up to 1."""
    def sort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Any:
        """(values, indices) in ascending (descending) order along `dim`; equal elements keep their order."""
    def split(self, split_size_or_sections: Any = None, dim: _int = 0, *, split_size: Any = None) -> tuple[Tensor, ...]:
        """Pieces of one length (the last may be shorter), or of the lengths in a list, along `dim`; views."""
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
    def std(
        self,
        dim: Any = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
    ) -> Tensor:
        """The standard deviation, the root of `var`."""
    def sub(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha · other, broadcast."""
    def sub_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """In-place form of `sub`: changes the tensor and returns it."""
    def sum(self, dim: Dim = None, keepdim: _bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over `dim`; of whole numbers and bools as int64."""
    def t(self) -> Tensor:
        """A matrix transposed (a vector or 0-d tensor as it is), a view."""
    def take_along_dim(self, indices: Tensor, dim: _int | None = None) -> Tensor:
        """The elements at `indices` along `dim`, both broadcast beside it; without `dim` of the flat tensor."""
    def tanh(self) -> Tensor:
        """The hyperbolic tangent, element by element."""
    def tanh_(self) -> Tensor:
        """In-place form of `tanh`: changes the tensor and returns it."""
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
    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """Axes `dim0` and `dim1` exchanged, a view."""
    def tril(self, diagonal: _int = 0) -> Tensor:
        """The lower triangle of each matrix (…, M, N), the given diagonal included, 0 above."""
    def triu(self, diagonal: _int = 0) -> Tensor:
        """The upper triangle of each matrix (…, M, N), the given diagonal included, 0 below."""
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
    def uniform_(
        self, from_: _float = 0.0, to: _float = 1.0, *, generator: Stream | None = None, **named: _float
    ) -> Tensor:
        """Fill with numbers uniform in [from, to), in place."""
    def unique(
        self, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
    ) -> Any:
        """The different values in ascending order; with `return_inverse`, `return_counts` a tuple."""
    def unsqueeze(self, dim: _int) -> Tensor:
        """With an axis of length 1 at place `dim`."""
    def var(
        self,
        dim: Any = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
    ) -> Tensor:
        """The variance over `dim`, divided by n - correction (1; `unbiased=False` is correction 0)."""
    def view(self, *size: Any) -> Tensor:
        """The same memory in another shape; one length may be -1."""
    def view_as(self, other: Tensor) -> Tensor:
        """A view in the shape of `other`."""
    def where(self, condition: Tensor, other: Any) -> Tensor:
        """input where `condition` (bool) holds, other elsewhere."""
    def zero_(self) -> Tensor:
        """Set every element to 0, in place."""

class Parameter(Tensor):
    """A leaf that requires grad and that a Module finds among its attributes."""

    def __init__(self, data: Any, requires_grad: _bool = True) -> None: ...
    def __repr__(self) -> str: ...
