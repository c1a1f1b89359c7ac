"""Tensor: an array, its gradient, and its place in the graph.

No operation is written here. `functional/` registers every method and operator through
`@operation(...)`; tensor.pyi, generated from those, is what editors and type checkers read.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minicnn import backend, dtypes
from minicnn.autograd import printing
from minicnn.autograd.hook import LAST, Hooks, RemovableHandle, fitting_grad, hooks_of, keeper
from minicnn.kernels import dispatch, layout
from minicnn.kernels.recorder import recorder
from minicnn.suggest import no_attribute


class Version:
    """What all tensors on one piece of memory share: how often it was written to, and who they are.

    `aliases` is kept only for batch-last memory. When one of its tensors has to become plain (see
    kernels/layout.py), all of them move to the same plain copy, so they go on sharing it.
    `rewritten` counts the writes that autograd recorded: a view made before one has lost its history.
    """

    __slots__ = ("aliases", "count", "rewritten")

    def __init__(self) -> None:
        self.count = 0
        self.rewritten = 0
        self.aliases: list[weakref.ref[Tensor]] | None = None

    def add_alias(self, source: Tensor, alias: Tensor) -> None:
        """Note that `alias` shares the batch-last memory of `source`."""
        if self.aliases is None:
            self.aliases = [weakref.ref(source)]
        self.aliases.append(weakref.ref(alias))


class Size(tuple[int, ...]):
    """A shape: a tuple that prints as PyTorch's and knows its number of elements."""

    def numel(self) -> int:
        """The number of elements."""
        return layout.size(self)

    def __repr__(self) -> str:
        return f"{dtypes.PREFIX}.Size({list(self)})"


class Tensor:
    """A multi-dimensional array that can remember how it was computed.

    `Tensor(array)` wraps a NumPy or CuPy array without a copy; users write `minicnn.tensor(data)`.
    `Tensor(2, 3)` and `Tensor([1, 2])` are PyTorch's old ways: a shape, or values as the default dtype.
    """

    __slots__ = (
        "__weakref__",
        "_array",
        "_base",
        "_batch_last",
        "_grad",
        "_hooks",
        "_output_index",
        "_seen",
        "_version",
        "grad_fn",
        "requires_grad",
    )
    __array_priority__ = 1000  # numpy_array * tensor asks the tensor
    __hash__ = object.__hash__

    _legacy: Callable[..., Any]  # set by functional/creation.py

    def __init__(self, array: Any = (), requires_grad: Any = False, *more: Any) -> None:
        if not isinstance(array, np.ndarray) and not hasattr(array, "dtype"):  # Tensor(2, 3), Tensor([1, 2])
            sizes = (requires_grad, *more) if requires_grad is not False else ()
            array, requires_grad = type(self)._legacy(array, *sizes), False
        self._array: Any = array
        self._batch_last = False
        self._version = Version()
        self._base: Tensor | None = None
        self._seen = 0  # the memory's `rewritten` when this view was made
        self._hooks: Hooks | None = None
        self._output_index = 0
        self._grad: Tensor | None = None
        self.grad_fn: Any = None
        self.requires_grad: bool = requires_grad

    def __getattr__(self, name: str) -> Any:
        raise no_attribute(self, name)

    # --- what it is -----------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The length of each axis."""
        return Size(self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of axis `dim`."""
        if dim is None:
            return self.shape
        if not -self.ndim <= dim < max(self.ndim, 1):
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-self.ndim}, {self.ndim - 1}], got {dim})"
            )
        return self._array.shape[dim]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return dtypes.from_numpy(self._array.dtype)

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    @property
    def device(self) -> backend.device:
        """Where the elements are."""
        return backend.device_of(self._array)

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU."""
        return self.device.type == "cuda"

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    def is_floating_point(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return self._array.dtype.kind in "fV"

    def stride(self, dim: int | None = None) -> Any:
        """Elements (not bytes) from one index to the next along each axis."""
        if self._batch_last or not self._array.size:  # to the user, both are contiguous
            strides, step = [], 1
            for length in reversed(self._array.shape):
                strides.append(step)
                step *= max(length, 1)
            result = tuple(reversed(strides))
        else:
            result = tuple(s // self._array.itemsize for s in self._array.strides)
        return result if dim is None else result[dim]

    def is_contiguous(self) -> bool:
        """Whether the elements lie in C order (as far as the user can tell)."""
        return self._batch_last or bool(self._array.flags.c_contiguous)

    @property
    def _is_view(self) -> bool:
        return self._base is not None

    # --- memory order ---------------------------------------------------------------------------

    def _make_plain(self) -> None:
        """Leave the private batch-last state, together with every tensor on the same memory."""
        if not self._batch_last:
            return
        plain = dispatch.in_order(self._array, layout.PLAIN)
        aliases, self._version.aliases = self._version.aliases, None
        for tensor in (self, *(ref() for ref in aliases or ())):
            if tensor is not None and tensor._batch_last:
                tensor._array = plain.reshape(tensor._array.shape)
                tensor._batch_last = False

    # --- values ---------------------------------------------------------------------------------

    def item(self) -> Any:
        """The Python number of a tensor with one element."""
        _reading("item")
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item() if self._array.dtype.kind != "V" else float(self._array.reshape(()))

    def tolist(self) -> Any:
        """The elements as nested Python lists (a number for a 0-d tensor)."""
        _reading("tolist")
        array = self._plain_array()
        return (array if array.dtype.kind != "V" else array.astype(np.float32)).tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares memory with the tensor.

        RuntimeError for a tensor that requires grad, TypeError for one on the GPU; `force=True`
        detaches and copies to the CPU first.
        """
        _reading("numpy")
        if self._array.dtype.kind == "V":
            raise TypeError("Got unsupported ScalarType BFloat16; NumPy has no such type: use .float() first")
        if force:
            return backend.to_device(self.detach()._plain_array(), "cpu")
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.is_cuda:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. "
                "Use Tensor.cpu() to copy the tensor to host memory first."
            )
        return self._plain_array()

    def _plain_array(self) -> Any:
        self._make_plain()
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if copy or (dtype is not None and array.dtype != dtype):
            return np.array(array, dtype=dtype, copy=True)
        return array

    def __dlpack__(self, **options: Any) -> Any:
        _reading("__dlpack__")
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self._plain_array().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()

    @property
    def __cuda_array_interface__(self) -> Any:
        if not self.is_cuda:
            raise AttributeError("Can't get __cuda_array_interface__ on a non-CUDA tensor")
        return self._array.__cuda_array_interface__

    def _one_number(self, kind: str) -> Any:
        if self._array.size != 1:
            if kind == "bool":
                raise RuntimeError(
                    "Boolean value of Tensor with more than one value is ambiguous"
                    if self._array.size
                    else "Boolean value of Tensor with no values is ambiguous"
                )
            if kind == "index":
                raise TypeError("only integer tensors of a single element can be converted to an index")
        return self.item()

    def __bool__(self) -> bool:
        return bool(self._one_number("bool"))

    def __int__(self) -> int:
        return int(self._one_number("int"))

    def __float__(self) -> float:
        return float(self._one_number("float"))

    def __index__(self) -> int:
        value = self._one_number("index")
        if not isinstance(value, int):
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(value)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(len(self))])

    def __contains__(self, value: Any) -> bool:
        _reading("in")
        other = value._array if isinstance(value, Tensor) else value
        return bool((self._array == other).any())

    def __repr__(self) -> str:
        _reading("print")
        array = dispatch.in_order(self._array, layout.PLAIN)  # not in place: the tensor may be in use
        array = array if array.dtype.kind != "V" else array.astype(np.float32)
        return printing.tensor_repr(
            backend.to_device(array, "cpu"),
            dtype_name=repr(self.dtype),
            default_dtype_name=dtypes.get_default_dtype().name,
            device=str(self.device),
            grad_fn_name=None if self.grad_fn is None else self.grad_fn.name(),
            requires_grad=self.requires_grad,
        )

    def __format__(self, spec: str) -> str:
        if self.ndim == 0:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __str__(self) -> str:
        return repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol; "
                "use .detach().clone()"
            )
        twin = rebuilt(type(self), backend.copied(self._plain_array(), memo), self.requires_grad)
        if self.grad is not None:
            twin.grad = self.grad.detach().clone()
        memo[id(self)] = twin
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """Tensors travel between processes as arrays, without their graph; those of a GPU go back to one."""
        array = backend.to_device(self._plain_array(), "cpu")
        return rebuilt, (type(self), array, self.requires_grad, *([str(self.device)] if self.is_cuda else []))

    # --- gradient -------------------------------------------------------------------------------

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has added up, or None; assigned is one that fits (hook.fitting_grad)."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._grad = None if value is None else fitting_grad(self, value)

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch on (or off) the recording of operations on this leaf."""
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_(): argument `requires_grad` must be bool, got {requires_grad!r}")
        if requires_grad and not self.is_floating_point():
            raise RuntimeError(f"only Tensors of floating point dtype can require gradients, this is {self.dtype}")
        if not requires_grad and not self.is_leaf:
            raise RuntimeError("you can only change requires_grad flags of leaf variables; use .detach() before")
        self.requires_grad = requires_grad
        return self

    def detach(self) -> Tensor:
        """The same memory as a tensor without history."""
        alias = Tensor(self._array)
        alias._version = self._version
        alias._batch_last = self._batch_last
        if self._batch_last:
            self._version.add_alias(self, alias)
        return alias

    def detach_(self) -> Tensor:
        """Forget the history of this tensor."""
        self.grad_fn, self.requires_grad = None, False
        return self

    @property
    def data(self) -> Tensor:
        """The same memory, outside autograd; assigning replaces the array."""
        alias = self.detach()
        if not alias._batch_last:
            alias._version = Version()  # as PyTorch: writing through .data is not tracked
        return alias

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"`data` must be a Tensor, got {type(value).__name__}")
        self._array = value._plain_array()
        self._batch_last = False

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[Tensor] | None = None,
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that self was computed from.

        `gradient` is the cotangent, of self's shape; it may be left out where self has one element.
        RuntimeError if self does not require grad, or if the graph was already freed.
        """
        from minicnn.autograd import engine  # the engine needs this file

        engine.backward((self,), (gradient,), retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(grad)` when the gradient of this tensor is known; what it returns replaces it."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        hooks = hooks_of(self)
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        return handle

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor, as its hooks leave it, in `.grad`, too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if not self.is_leaf:
            hooks_of(self)[LAST] = keeper(self)

    def __setstate__(self, state: Any) -> None:
        raise TypeError("a Tensor is rebuilt from its array, not from a state")


def rebuilt(kind: type[Tensor], array: Any, requires_grad: bool, place: str = "") -> Tensor:
    """A Tensor of class `kind` on `array`, as copies and other processes need it; moved to `place` if that is named."""
    array = backend.to_device(array, place) if place else array
    Tensor.__init__(tensor := object.__new__(kind), array, requires_grad)
    return tensor


def _reading(what: str) -> None:
    """The numbers are asked for: a step that is being recorded depends on them from here on."""
    if recorder.tape is not None:
        recorder.tape.refuse(f"reads the numbers of a tensor ({what})")


class Parameter(Tensor):
    """A leaf that requires grad and that a Module finds among its attributes."""

    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        data = Tensor() if data is None else data
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter(): `data` must be Tensor, not {type(data).__name__}; use tensor(data)")
        super().__init__(data._plain_array())
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
