"""An operation of the user's own: torch.autograd.Function, with Tensors in both directions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.autograd.grad_mode import mode, no_grad
from minicnn.autograd.operation import OUTPUT, USED_TWICE, Operation, mode_of_backward, wrap
from minicnn.autograd.register import check_inplace
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
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs or outputs) for backward."""
        self._to_save = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for an output that nothing was computed from."""
        self._materialize = value

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say that forward changed these inputs in place; it must return them."""
        self._dirty = inputs

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
            value if value is None or isinstance(value, Tensor) else wrap(value, True) for value in self._node.saved()
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
        tensors = options["tensors"]
        node._inputs = tuple(a.shape if was_tensor else None for a, was_tensor in zip(args, tensors, strict=True))
        with_mode, mode.enabled = mode.enabled, False
        try:
            if function.setup_context is Function.setup_context:
                result = function.forward(ctx, *given)
            else:  # the newer way: a forward without ctx, and what it leaves behind told apart
                result = function.forward(*given)
                function.setup_context(ctx, given, result)
        finally:
            mode.enabled = with_mode
        node.save(*(None if t is None else t._array for t in ctx._to_save))
        ctx._to_save = ()
        several = isinstance(result, tuple)
        results = result if several else (result,)
        without = ctx._non_differentiable
        node.no_gradient = tuple(i for i, t in enumerate(results) if any(t is w for w in without))
        for t in results:
            if not isinstance(t, Tensor):
                raise TypeError(f"{function.__name__}.forward must return Tensors, got {type(t).__name__}")
        changed = [next((i for i, t in enumerate(given) if t is d), -1) for d in ctx._dirty]
        for index in changed:
            place = next((place for place, t in enumerate(results) if index >= 0 and t is given[index]), None)
            if place is None:
                raise RuntimeError(
                    "Some elements marked as dirty during the forward method were not returned as output. The inputs "
                    "that are modified inplace must all be outputs of the Function."
                )
            options["dirty"].append((index, place))
        return tuple(t._array for t in result) if several else result._array

    def backward(node, *grads: Any) -> Any:
        recorded = mode_of_backward.records
        given = [
            g if isinstance(g, Tensor) else None if g is None and not node._ctx._materialize
            else Tensor(dispatch.in_order(g, layout.PLAIN) if g is not None else _zeros(like))
            for g, like in zip(grads, node._output_shapes, strict=True)
        ]  # fmt: skip
        with_mode, mode.enabled = mode.enabled, recorded
        try:
            result = node._function.backward(node._ctx, *given)
        finally:
            mode.enabled = with_mode
        result = result if isinstance(result, tuple) else (result,)
        wanted = len(node._inputs)
        if len(result) < wanted or any(g is not None for g in result[wanted:]):
            raise RuntimeError(
                f"function {node.name()} returned an incorrect number of gradients (expected {wanted}, got "
                f"{len(result)})"
            )
        checked = [node._checked(i, g) for i, g in enumerate(result[:wanted])]
        return (None, *(g if recorded or g is None else g._array for g in checked))

    def _checked(node, index: int, grad: Any) -> Any:
        """A gradient that the user gave, if it is a Tensor of the input's shape (or broadcasts from it)."""
        if grad is None or node._inputs[index] is None or not node.needs(index + 1):
            return None
        if not isinstance(grad, Tensor):
            raise RuntimeError(
                f"{node.name()}: expected Tensor or None as gradient {index} (got {type(grad).__name__})"
            )
        shape: Any = node._inputs[index]
        if tuple(grad.shape) == shape:
            return grad
        try:
            fits = np.broadcast_shapes(shape, tuple(grad.shape)) == tuple(grad.shape)
        except ValueError:
            fits = False
        if not fits:
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient at index {index} - got {list(grad.shape)} but "
                f"expected shape compatible with {list(shape)}"
            )
        lead = grad.ndim - len(shape)
        axes = (*range(lead), *(lead + i for i, n in enumerate(shape) if n == 1 and grad.shape[lead + i] != 1))
        return grad.sum(axes).reshape(shape)

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
    def setup_context(ctx: FunctionContext, inputs: tuple[Any, ...], output: Any) -> Any:
        """With this method of your own, `forward` takes no ctx: what backward needs is put into `ctx` here."""
        raise NotImplementedError("setup_context is called only if a Function has one of its own")

    @staticmethod
    def backward(ctx: FunctionContext, *grads: Any) -> Any:
        """The gradient for each argument of forward (None where there is none)."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the operation on `args` and record it."""
        dirty: list[tuple[int, int]] = []  # (which input, which output) of those changed in place
        result = _UserOperation(cls, *args, tensors=tuple(isinstance(a, Tensor) for a in args), dirty=dirty)
        if not dirty:
            return result
        outputs = list(result) if isinstance(result, tuple) else [result]
        for index, place in dirty:
            others = any(isinstance(a, Tensor) and a.requires_grad for i, a in enumerate(args) if i != index)
            outputs[place] = _changed(args[index], outputs[place], others, cls.__name__)
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]


def _changed(target: Tensor, output: Tensor, others_need_grad: bool, name: str) -> Tensor:
    """`target`, which forward wrote to, in the place of `output`, the node's output on its memory."""
    check_inplace(target, others_need_grad, name)
    target._version.count += 1
    node = output.grad_fn
    if node is not None:
        index = output._output_index
        node.saved_values = tuple(
            (OUTPUT, (index, target._version), array, target._version.count) if source is target else entry
            for entry in node.saved_values
            for _, source, array, _ in [entry]
        )
        target.requires_grad, target.grad_fn, target._output_index = True, node, index
        target._version.rewritten += 1
    return target


class _Once(Operation):
    """A gradient that has no gradient"""

    def forward(ctx, input: Any) -> Any:
        return input

    def backward(ctx, grad: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a `backward` that computes outside autograd: its gradients cannot be differentiated again."""

    @functools.wraps(backward)
    def wrapped(ctx: FunctionContext, *grads: Any) -> Any:
        with no_grad():
            result = backward(ctx, *grads)
        if not mode_of_backward.records or not any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            return result
        several = isinstance(result, tuple)
        results = [
            _Once(g.detach().requires_grad_()) if isinstance(g, Tensor) else g
            for g in (result if several else (result,))
        ]
        return tuple(results) if several else results[0]

    return wrapped
