"""Operations: what runs forward, and what it leaves behind to run backward.

An operation is one class with `forward` and `backward`, each written once:

    class Tanh(Operation):
        def forward(ctx, input):
            output = xp.tanh(input)
            ctx.save(output)
            return output

        def backward(ctx, grad):
            (output,) = ctx.saved()
            return grad * (1 - output * output)

Calling the class applies it. With raw arrays it computes and returns raw arrays, nothing else. With
a Tensor among its arguments it returns Tensors and, if one of them requires grad, the instance
becomes the node of the graph that `backward` is later called on. A backward rule is made of
operators and operations only, so the engine may pass it raw arrays (the usual backward) or Tensors
(`create_graph=True`): the same rule gives first and higher derivatives.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from minicnn.autograd.grad_mode import mode
from minicnn.autograd.hook import Hooks
from minicnn.autograd.tensor import Tensor, Version
from minicnn.kernels import dispatch, layout

F = TypeVar("F", bound=Callable[..., Any])

NOTHING: tuple[Any, ...] = ()
_sequence = itertools.count()
_INPUT, _OUTPUT, _CONSTANT = range(3)


class Operation:
    """One operation, and one application of it: the `ctx` that forward and backward share.

    Class attributes say how the operation treats memory:
    `keeps_layout`   takes batch-last arrays as they are; others get plain ones (kernels/layout.py);
    `starts_layout`  may return a batch-last array although no input was one (convolution);
    `view`           the output shares the first input's memory.
    `no_gradient`    numbers of outputs that have no gradient although they are floating-point.
    """

    keeps_layout = False
    starts_layout = False
    view = False
    no_gradient: tuple[int, ...] = ()

    __slots__ = (
        "__dict__",
        "__weakref__",
        "edges",
        "needed",
        "pre_hooks",
        "released",
        "saved_values",
        "sequence",
    )

    edges: tuple[tuple[Any, int] | None, ...]  # for each argument the node it comes from, and which output
    needed: tuple[bool, ...] | None
    saved_values: tuple[Any, ...]  # in forward as given to save(), then as (kind, source, array, version)
    sequence: int  # the order of recording
    released: bool  # whether a backward pass freed the saved values
    pre_hooks: dict[int, Hooks] | None  # by output
    _output_shapes: tuple[tuple[tuple[int, ...], Any], ...]

    def __new__(cls, *args: Any, **options: Any) -> Any:
        return apply(cls, args, options)

    def forward(ctx, *args: Any, **options: Any) -> Any:
        """The computation on raw arrays."""
        raise NotImplementedError(f"{type(ctx).__name__}.forward")

    def backward(ctx, *grads: Any) -> Any:
        """The gradient of each positional argument of forward (None where there is none)."""
        raise NotImplementedError(f"{type(ctx).__name__}.backward")

    def save(ctx, *values: Any) -> None:
        """Keep arrays (inputs, outputs, constants) for backward."""
        ctx.saved_values = values

    def saved(ctx) -> tuple[Any, ...]:
        """What `save` kept: raw arrays, or Tensors while a graph of the backward pass is recorded."""
        return tuple(_restore(ctx, entry) for entry in ctx.saved_values)

    def needs(ctx, index: int) -> bool:
        """Whether the gradient of positional argument `index` is wanted."""
        return ctx.needed is not None and ctx.needed[index]

    def name(ctx) -> str:
        """PyTorch's name of the node."""
        return f"{type(ctx).__name__}Backward0"

    @property
    def next_functions(ctx) -> tuple[tuple[Any, int], ...]:
        """The nodes that this one passes its gradients to, as in PyTorch."""
        return tuple((None, 0) if edge is None else edge for edge in ctx.edges)

    def __repr__(ctx) -> str:
        return f"<{ctx.name()} object>"


def apply(cls: type[Operation], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Run `cls.forward`, and record it when an argument requires grad."""
    ctx = object.__new__(cls)
    ctx.needed = None
    ctx.saved_values = NOTHING
    raw: list[Any] = []
    kind: Any = None  # of the arrays: NumPy's or CuPy's
    needed = mixed = False
    batch_last = cls.starts_layout
    for arg in args:
        if isinstance(arg, Tensor):
            mixed = mixed or (kind is not None and kind is not type(arg._array))
            kind = type(arg._array)
            needed = needed or arg.requires_grad
            if arg._base is not None and arg._seen != arg._version.rewritten:
                _check_view(cls, arg)
            if arg._batch_last:
                if cls.keeps_layout:
                    batch_last = True
                else:
                    arg._make_plain()
            raw.append(arg._array)
        else:
            raw.append(arg)
    if kind is None:
        return ctx.forward(*raw, **options)
    needed = needed and mode.enabled
    if needed:
        ctx.needed = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
    if mixed:
        _same_device(cls, args)
    result = ctx.forward(*raw, **options)
    if isinstance(result, np.generic):  # NumPy's answer to 0-d operands; `save` may have kept it
        scalar, result = result, np.asarray(result)
        ctx.saved_values = tuple(result if value is scalar else value for value in ctx.saved_values)
    several = isinstance(result, tuple)
    outputs = tuple([_wrap(array, batch_last) for array in result]) if several else (_wrap(result, batch_last),)
    if cls.view:
        share(outputs, args[0])
    if needed:
        _record(ctx, args, raw, outputs)
    return outputs if several else outputs[0]


def _wrap(array: Any, batch_last: bool) -> Tensor:
    if isinstance(array, np.generic):  # a full reduction of NumPy's gives a scalar
        array = np.asarray(array)
    output = Tensor(array)
    if batch_last and not array.flags.c_contiguous and layout.order_of(array) == layout.BATCH_LAST:
        output._batch_last = True
    return output


def share(outputs: tuple[Tensor, ...], source: Tensor) -> None:
    """Let `outputs`, views of `source`, count its writes and follow it when it changes its memory order."""
    for output in outputs:
        output._version = source._version
        output._base = source if source._base is None else source._base
        output._seen = source._version.rewritten
        if output._batch_last:
            source._version.add_alias(source, output)


def _check_view(cls: type[Operation], view: Tensor) -> None:
    if mode.enabled:
        raise RuntimeError(
            f"{cls.__name__} got a view that was made before its base was changed by a recorded in-place "
            "operation; its history is no longer that of its values. Make the view again, after the change"
        )


def _same_device(cls: type[Operation], args: tuple[Any, ...]) -> None:
    first = None
    for arg in args:
        if isinstance(arg, Tensor):
            if first is None:
                first = arg
            elif type(arg._array) is not type(first._array) and arg.ndim and first.ndim:
                raise RuntimeError(
                    f"Expected all tensors to be on the same device, but {cls.__name__} got "
                    f"{first.device} and {arg.device}; move one with .to(...)"
                )


def _record(ctx: Operation, args: tuple[Any, ...], raw: list[Any], outputs: tuple[Tensor, ...]) -> None:
    ctx.sequence = next(_sequence)
    ctx.released = False
    ctx.pre_hooks = None
    ctx.edges = tuple(
        ((a.grad_fn, a._output_index) if a.grad_fn is not None else (a, 0))
        if isinstance(a, Tensor) and a.requires_grad
        else None
        for a in args
    )
    ctx.saved_values = tuple(_keep(value, args, raw, outputs) for value in ctx.saved_values)
    ctx._output_shapes = tuple((o._array.shape, o._array.dtype) for o in outputs)
    for index, output in enumerate(outputs):
        if output._array.dtype.kind == "f" and index not in ctx.no_gradient:
            output.requires_grad = True
            output.grad_fn = ctx
            output._output_index = index


def _keep(
    value: Any, args: tuple[Any, ...], raw: list[Any], outputs: tuple[Tensor, ...]
) -> tuple[int, Any, Any, int]:
    """(kind, the Tensor or output index, the array, its version): enough to give back either form.

    An output is kept without its Tensor: node -> output -> grad_fn -> node would be a cycle that
    only the garbage collector frees.
    """
    if value is None:
        return (_CONSTANT, None, None, 0)
    for index, array in enumerate(raw):
        if array is value and isinstance(args[index], Tensor):
            tensor = args[index]
            return (_INPUT, tensor, value, tensor._version.count)
    for index, output in enumerate(outputs):
        if output._array is value:
            return (_OUTPUT, (index, output._version), value, output._version.count)
    return (_CONSTANT, None, value, 0)


def _restore(ctx: Operation, entry: tuple[int, Any, Any, int]) -> Any:
    kind, source, array, version = entry
    if kind == _CONSTANT:
        return array
    if kind == _INPUT:
        _check_version(ctx, source._version, version)
        return source if mode_of_backward.records else array
    index, cell = source
    _check_version(ctx, cell, version)
    if not mode_of_backward.records:
        return array
    output = _wrap(array, True)
    output.requires_grad, output.grad_fn, output._output_index = True, ctx, index
    return output


def _check_version(ctx: Operation, cell: Version, expected: int) -> None:
    if cell.count != expected:
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: {ctx.name()} saved it at version {expected}; it is at version {cell.count} now. "
            "Use the form without `_`, or change a .clone()"
        )


class _BackwardMode(threading.local):
    """Whether the backward pass that runs in this thread is itself recorded (create_graph=True)."""

    records = False


mode_of_backward = _BackwardMode()


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
            value if value is None or isinstance(value, Tensor) else _wrap(value, True)
            for value in self._node.saved()
        )


USED_TWICE = (
    "Trying to backward through the graph a second time: the saved values were freed by the first "
    "backward. Give retain_graph=True to the first call, or compute the loss anew"
)


class _UserOperation(Operation):
    """The node behind a user's Function: forward and backward get Tensors, always plain ones."""

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


def operation(
    *,
    method: str | None = None,
    operators: tuple[str, ...] = (),
    inplace: bool = False,
    prop: str | None = None,
) -> Callable[[F], F]:
    """Register the public function of an operation: as a Tensor `method`, as Python `operators`
    (`__add__`, and `__radd__` with the operands exchanged), as the in-place method `method_`, or as
    the property `prop`. This is the one place where an operation meets Tensor."""

    def register(function: F) -> F:
        function = _with_numpy_names(function)
        REGISTERED.append(function)
        if method is not None:
            setattr(Tensor, method, function)
        if prop is not None:
            setattr(Tensor, prop, property(function))
        for name in operators:
            setattr(Tensor, name, _operator(function, name))
        if inplace:
            setattr(Tensor, f"{method}_", _inplace(function, f"{method}_"))
        return function

    return register


def _with_numpy_names(function: F) -> F:
    """`axis` and `keepdims` for `dim` and `keepdim`, which PyTorch accepts, too."""
    if "dim" not in inspect.signature(function).parameters:
        return function

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if "axis" in options:
            options["dim"] = options.pop("axis")
        if "keepdims" in options:
            options["keepdim"] = options.pop("keepdims")
        return function(*args, **options)

    return cast(F, call)


REGISTERED: list[Callable[..., Any]] = []


def _operator(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    if name.startswith("__r") and name not in ("__rshift__", "__round__"):

        def call(self: Tensor, other: Any) -> Any:
            return function(other, self) if is_operand(other) else NotImplemented

    elif name.startswith("__i") and name not in ("__invert__",):
        in_place = _inplace(function, name)

        def call(self: Tensor, other: Any) -> Any:
            return in_place(self, other) if is_operand(other) else NotImplemented

    elif name in ("__neg__", "__abs__", "__invert__", "__pos__"):
        return function
    else:

        def call(self: Tensor, other: Any) -> Any:
            return function(self, other) if is_operand(other) else NotImplemented

    functools.update_wrapper(call, function, assigned=("__doc__",), updated=())  # help() shows its signature
    call.__name__ = name
    return call


def is_operand(value: Any) -> bool:
    """What may stand beside a Tensor in an expression: Tensors and Python (or NumPy) numbers."""
    return isinstance(value, Tensor | int | float | np.number | np.bool_)


def _inplace(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def in_place(self: Tensor, *args: Any, **options: Any) -> Tensor:
        others = any(isinstance(a, Tensor) and a.requires_grad for a in args)
        check_inplace(self, others, name)
        return write(self, function(self, *args, **options), name)

    functools.update_wrapper(in_place, function, assigned=(), updated=())
    in_place.__name__ = name
    in_place.__doc__ = f"In-place form of `{function.__name__}`: changes the tensor and returns it."
    return in_place


def check_inplace(target: Tensor, others_need_grad: bool, name: str) -> None:
    """Refuse, before anything is changed, what autograd cannot follow."""
    if not mode.enabled:
        return
    if target.requires_grad and target.grad_fn is None:
        raise RuntimeError(
            f"a leaf Variable that requires grad is being used in an in-place operation ({name}); "
            "do it under no_grad(), or use the form without `_`"
        )
    base = target._base
    if base is not None and (base.requires_grad or target.requires_grad or others_need_grad):
        if base.requires_grad and base.grad_fn is None:
            raise RuntimeError(
                f"a view of a leaf Variable that requires grad is being used in an in-place operation ({name})"
            )
        raise RuntimeError(
            f"{name} would change a view of a tensor that takes part in autograd; minicnn does not follow "
            "that: index the tensor itself (x[i] = value), or use the form without `_`"
        )


def write(target: Tensor, result: Tensor, name: str) -> Tensor:
    """Put `result` into the memory of `target` and let `target` take its place in the graph."""
    if result.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)} of {name}"
        )
    if result.dtype.category > target.dtype.category:
        raise RuntimeError(
            f"result type {result.dtype} of {name} can't be cast to the desired output type {target.dtype}"
        )
    target._make_plain()
    target._array[...] = result._array
    target._version.count += 1
    if result.requires_grad:
        target.requires_grad, target.grad_fn = True, result.grad_fn
        target._output_index = result._output_index
        target._version.rewritten += 1
    elif mode.enabled and target.grad_fn is not None:  # rounded, compared: what was written has no gradient
        target.requires_grad, target.grad_fn = False, None
    return target
