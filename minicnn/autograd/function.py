"""An operation of the user's own: torch.autograd.Function, with Tensors in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.operation import USED_TWICE, Operation, mode_of_backward, wrap
from minicnn.autograd.tensor import Tensor
from minicnn.kernels import dispatch, layout


def _zeros(like: tuple[tuple[int, ...], Any]) -> Any:
    return np.zeros(*like)  # the gradient of an output that nothing was computed from


class FunctionContext:
    """The `ctx` of a user's Function: save_for_backward, saved_tensors, needs_input_grad, and any attribute."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Any, ...] = ()
        self._node: Operation | None = None
        self._non_differentiable: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs or outputs) for backward."""
        self._to_save = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say that these outputs have no gradient."""
        self._non_differentiable = outputs

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors given to `save_for_backward`."""
        assert self._node is not None
        if self._node.released:
            raise RuntimeError(USED_TWICE)
        return tuple(
            value if value is None or isinstance(value, Tensor) else wrap(value, True)
            for value in self._node.saved()
        )

class _UserOperation(Operation):
    """The node behind a user's Function: forward and backward get Tensors, always plain ones."""

    replayable = False

    def forward(node, *args: Any, **options: Any) -> Any:
        function, args = args[0], args[1:]
        ctx = node._ctx = FunctionContext()
        ctx._node = node
        node._function = function
        ctx.needs_input_grad = tuple(node.needs(i + 1) for i in range(len(args)))
        given = tuple(Tensor(a) if was_tensor else a for a, was_tensor in zip(args, options["tensors"], strict=True))
        with_mode, mode.enabled = mode.enabled, False
        try:
            result = function.forward(ctx, *given)
        finally:
            mode.enabled = with_mode
        node.save(*(None if t is None else t._array for t in ctx._to_save))
        ctx._to_save = ()
        several = isinstance(result, tuple)
        results = result if several else (result,)
        without = ctx._non_differentiable
        node.no_gradient = tuple(i for i, t in enumerate(results) if any(t is w for w in without))
        return tuple(t._array for t in result) if several else result._array

    def backward(node, *grads: Any) -> Any:
        recorded = mode_of_backward.records
        given = [
            g if isinstance(g, Tensor) else Tensor(dispatch.in_order(g, layout.PLAIN) if g is not None else zeros)
            for g, zeros in zip(grads, map(_zeros, node._output_shapes), strict=True)
        ]
        with_mode, mode.enabled = mode.enabled, recorded
        try:
            result = node._function.backward(node._ctx, *given)
        finally:
            mode.enabled = with_mode
        result = result if isinstance(result, tuple) else (result,)
        return (None, *(g if recorded or g is None else g._array for g in result))

    def name(node) -> str:
        return f"{node._function.__name__}Backward"


class Function:
    """Base class for an operation of your own, as torch.autograd.Function.

    Subclasses define static methods `forward(ctx, *args)` and `backward(ctx, *grads)`; the operation
    is called through `apply`.

    >>> import minicnn
    >>> class Double(minicnn.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> x = minicnn.tensor([1.0, 2.0], requires_grad=True)
    >>> Double.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    @staticmethod
    def forward(ctx: FunctionContext, *args: Any) -> Any:
        """Compute the output tensors; `ctx` carries what backward needs."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: FunctionContext, *grads: Any) -> Any:
        """The gradient for each argument of forward (None where there is none)."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the operation on `args` and record it."""
        outputs = _UserOperation(cls, *args, tensors=tuple(isinstance(a, Tensor) for a in args))
        return outputs
