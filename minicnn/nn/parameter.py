"""nn.Parameter, those whose shape is not known yet, and what Module and Optimizer both do to the gradients of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minicnn import dtypes
from minicnn.autograd.tensor import Parameter as Parameter
from minicnn.autograd.tensor import Tensor
from minicnn.functional.conversion import zero_
from minicnn.functional.creation import as_size, empty
from minicnn.kernels.recorder import recorder


def clear_grads(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Forget the gradients (`set_to_none`), or set them to 0 in the memory that they have."""
    for parameter in parameters:
        grad = parameter.grad
        if recorder.tape is not None:
            recorder.tape.leaf(parameter, not set_to_none)
        if grad is None:
            continue
        if set_to_none:
            parameter._grad = None
        else:
            grad.detach_()
            zero_(grad)


class _Uninitialized:
    """A tensor that gets its shape later, from `materialize`. Until then it holds an empty array that nobody may see:
    its shape has a 0 for each length that is not known."""

    __slots__ = ()
    becomes: type[Tensor]

    def _get(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or "
            f"explicitly manipulating `{dtypes.PREFIX}.nn.parameter.{type(self).__name__}` objects. When using "
            "LazyModules Call `forward` with a dummy batch to initialize the parameters before calling functions of "
            f"{dtypes.PREFIX}"
        )

    def _set(self, array: Any) -> None:
        _ARRAY.__set__(self, array)

    _array = property(_get, _set)

    @property
    def placeholder(self) -> Tensor:
        """The empty tensor that says type, device and the lengths that are known."""
        return Tensor(_ARRAY.__get__(self))

    @property
    def shape(self) -> Any:
        """There is none: RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    @property
    def dtype(self) -> Any:
        """The type that the elements will have."""
        return self.placeholder.dtype

    @property
    def device(self) -> Any:
        """Where the elements will be."""
        return self.placeholder.device

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter (or buffer) of this shape, not filled."""
        like = self.placeholder
        sizes = as_size((tuple(shape),), "materialize")
        made = empty(sizes, device=like.device if device is None else device, dtype=dtype or like.dtype)
        self.__class__ = self.becomes  # type: ignore[assignment]
        self._array = made._array

    def converted(self, function: Callable[[Tensor], Tensor]) -> None:
        """Take the type and device that `function` gives a tensor, as `Module.to` does."""
        self._array = function(self.placeholder)._array

    def detach(self) -> Any:
        """The tensor itself: there is nothing to share yet."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = type(self)(requires_grad=self.requires_grad)  # type: ignore[attr-defined, call-arg]
        twin.converted(lambda _: self.placeholder.clone())
        memo[id(self)] = twin
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


_ARRAY: Any = vars(Tensor)["_array"]  # the slot that `_Uninitialized._array` hides


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter of a lazy layer before its first input. ValueError for whatever needs its numbers.

    >>> from minicnn import nn
    >>> weight = nn.UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> weight.shape
    minicnn.Size([2, 3])
    """

    __slots__ = ()
    becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        Tensor.__init__(self, empty(0, device=device, dtype=dtype)._array, requires_grad)


class UninitializedBuffer(_Uninitialized, Tensor):
    """A buffer of a lazy layer before its first input."""

    __slots__ = ()
    becomes = Tensor

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        Tensor.__init__(self, empty(0, device=device, dtype=dtype)._array, requires_grad)


def is_lazy(param: Any) -> bool:
    """Whether `param` is a parameter or buffer whose shape is not known yet."""
    return isinstance(param, _Uninitialized)
