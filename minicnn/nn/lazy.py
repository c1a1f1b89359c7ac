"""Lazy layers: the first input tells how many features it has, and makes them ordinary layers."""

from __future__ import annotations

import inspect
from typing import Any

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.nn.batch_norm import BatchNorm1d, BatchNorm2d
from minicnn.nn.conv import Conv1d, Conv2d
from minicnn.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d
from minicnn.nn.linear import Linear
from minicnn.nn.module import Module
from minicnn.nn.normalisation import InstanceNorm1d, InstanceNorm2d
from minicnn.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy


class LazyModuleMixin:
    """What a layer of your own derives from first, `class LazyThing(LazyModuleMixin, Thing)`, to be lazy.

    It registers an `UninitializedParameter` for each parameter of unknown shape, and has a method
    `initialize_parameters(*input)` that calls `materialize(shape)` on them. That is called before the first forward,
    after which the layer is a `cls_to_become`, if that is set.
    """

    cls_to_become: type[Module] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)  # type: ignore[attr-defined]

    def initialize_parameters(self: Any, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes, which follow from the input of forward."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}: it is to materialize the parameters"
        )

    def has_uninitialized_params(self: Any) -> bool:
        """Whether a parameter or buffer of this layer has no shape yet."""
        return any(is_lazy(t) for t in (*self._parameters.values(), *self._buffers.values()))

    def _infer_parameters(self: Any, module: Any, args: Any, kwargs: Any) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        for number, hook in list(module._forward_pre_hooks.items()):
            if getattr(hook.function, "__func__", None) is LazyModuleMixin._infer_parameters:
                del module._forward_pre_hooks[number]
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _load_from_state_dict(self: Any, state_dict: Any, prefix: str, *more: Any) -> None:
        for name, own in (*self._parameters.items(), *self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(own) and isinstance(given, Tensor) and not is_lazy(given):
                own.materialize(given.shape)
        super()._load_from_state_dict(state_dict, prefix, *more)  # type: ignore[misc]


class _Lazy(LazyModuleMixin):
    """A layer whose first argument, the length `_unknown`, is left out."""

    _unknown: str

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.cls_to_become is not None and cls.__init__ is _Lazy.__init__:  # for help()
            full = inspect.signature(cls.cls_to_become)
            kept = [p for p in full.parameters.values() if p.name != cls._unknown]
            cls.__signature__ = full.replace(parameters=kept)  # type: ignore[attr-defined]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, *args, **kwargs)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = _unknown(UninitializedParameter(parameter.requires_grad), parameter)
        for name, buffer in self._buffers.items():
            if buffer is not None and buffer.ndim:
                self._buffers[name] = _unknown(UninitializedBuffer(), buffer)

    def reset_parameters(self: Any) -> None:
        """As the ordinary layer, once the shapes are known."""
        if not self.has_uninitialized_params() and getattr(self, self._unknown) != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self: Any, input: Tensor) -> None:
        """Take the unknown length from `input`, and draw the parameters as the ordinary layer does."""
        length = self._length_in(input)
        if getattr(self, self._unknown) == 0:
            setattr(self, self._unknown, length)
        if self.has_uninitialized_params():
            with no_grad():
                for tensor in (*self._parameters.values(), *self._buffers.values()):
                    if is_lazy(tensor):
                        known = tensor.placeholder.shape
                        tensor.materialize(tuple(n or self._share(length, axis) for axis, n in enumerate(known)))
                self.reset_parameters()

    def _length_in(self: Any, input: Tensor) -> int:
        """The length that `input` tells."""
        return int(input.shape[-1])

    def _share(self: Any, length: int, axis: int) -> int:
        """How much of it is along this axis of a parameter."""
        return length


def _unknown(lazy: Any, like: Tensor) -> Any:
    lazy.converted(lambda _: like.detach())
    return lazy


class _LazyConv(_Lazy):
    _unknown = "in_channels"

    def _length_in(self: Any, input: Tensor) -> int:
        axes = len(self.kernel_size)
        if input.ndim not in (axes + 1, axes + 2):
            raise RuntimeError(
                f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {type(self).__name__}, but got "
                f"input of size: {input.shape}"
            )
        length = int(input.shape[-axes - 1])
        if length % self.groups:
            raise ValueError(f"in_channels must be divisible by groups, got in_channels={length}, groups={self.groups}")
        return length

    def _share(self: Any, length: int, axis: int) -> int:
        return length if self.transposed else length // self.groups


class LazyLinear(_Lazy, Linear):
    """A Linear without `in_features`, which the first input tells.

    >>> import minicnn
    >>> from minicnn import nn
    >>> layer = nn.LazyLinear(10)
    >>> layer, layer.weight
    (LazyLinear(in_features=0, out_features=10, bias=True), <UninitializedParameter>)
    >>> layer(minicnn.ones(2, 5)).shape
    minicnn.Size([2, 10])
    >>> layer
    Linear(in_features=5, out_features=10, bias=True)
    """

    _unknown = "in_features"
    cls_to_become = Linear


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d without `in_channels`, which the first input tells."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d without `in_channels`, which the first input tells.

    >>> import minicnn
    >>> from minicnn import nn
    >>> layer = nn.LazyConv2d(6, 5)
    >>> layer(minicnn.ones(1, 3, 8, 8)).shape, layer
    (minicnn.Size([1, 6, 4, 4]), Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1)))
    """

    cls_to_become = Conv2d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """A ConvTranspose1d without `in_channels`, which the first input tells."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """A ConvTranspose2d without `in_channels`, which the first input tells."""

    cls_to_become = ConvTranspose2d


class _LazyNorm(_Lazy):
    _unknown = "num_features"
    axes: tuple[int, ...]

    def _length_in(self, input: Tensor) -> int:
        if input.ndim not in self.axes:
            expected = " or ".join(f"{n}D" for n in self.axes)
            raise ValueError(f"expected {expected} input (got {input.ndim}D input)")
        return int(input.shape[1])


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d without `num_features`, which the first input tells."""

    axes = BatchNorm1d.axes
    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d without `num_features`, which the first input tells."""

    axes = BatchNorm2d.axes
    cls_to_become = BatchNorm2d


class _LazyInstanceNorm(_LazyNorm):
    """With other defaults than the ordinary layer's, as in PyTorch."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(eps, momentum, affine, track_running_stats, device, dtype, bias=bias)


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An InstanceNorm1d without `num_features`, which the second axis of the first input tells; weights and running
    statistics are there unless switched off."""

    axes = (2, 3)
    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """As LazyInstanceNorm1d, of images."""

    axes = (3, 4)
    cls_to_become = InstanceNorm2d
