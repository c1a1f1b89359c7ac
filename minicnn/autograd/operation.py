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

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.autograd import anomaly
from minicnn.autograd.grad_mode import mode
from minicnn.autograd.hook import Hooks, RemovableHandle
from minicnn.autograd.tensor import Tensor, Version
from minicnn.backend import current_gpu
from minicnn.kernels import layout
from minicnn.kernels.recorder import recorder

NOTHING: tuple[Any, ...] = ()
sequence = itertools.count()
_INPUT, OUTPUT, _CONSTANT = range(3)


class Operation:
    """One operation, and one application of it: the `ctx` that forward and backward share.

    Class attributes say how the operation is to be treated:
    `keeps_layout`   takes batch-last arrays as they are; others get plain ones (kernels/layout.py);
    `starts_layout`  may return a batch-last array although no input was one (convolution);
    `view`           the output shares the first input's memory;
    `replayable`     `forward` may be called again instead of the Python around it (minicnn/capture);
    `no_gradient`    the numbers of the outputs that have no gradient although they are floating-point.
    """

    keeps_layout = False
    starts_layout = False
    view = False
    replayable = True
    no_gradient: tuple[int, ...] = ()
    post_hooks: Hooks | None = None  # called with (gradients of the inputs, of the outputs)

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

    def register_hook(ctx, fn: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` when backward has passed this node; its result replaces the first."""
        if ctx.post_hooks is None:
            ctx.post_hooks = Hooks()
        handle = RemovableHandle(ctx.post_hooks)
        ctx.post_hooks[handle.id] = fn
        return handle

    def __repr__(ctx) -> str:
        return f"<{ctx.name()} object at 0x{id(ctx):x}>"


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
    if mixed:
        return apply(cls, _together(cls, args), options)
    if kind is not np.ndarray:
        gpu = _one_gpu(cls, args)
        if gpu != current_gpu():
            with backend.on_gpu(backend.device("cuda", gpu)):
                return apply(cls, args, options)
    needed = needed and mode.enabled
    if needed:
        ctx.needed = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
    tape = recorder.tape
    begun = None if tape is None else tape.begin()
    with np.errstate(all="ignore"):  # inf and NaN are values like others; PyTorch does not warn of them
        result = ctx.forward(*raw, **options)
    if isinstance(result, np.generic):  # NumPy's answer to 0-d operands; `save` may have kept it
        scalar, result = result, np.asarray(result)
        ctx.saved_values = tuple(result if value is scalar else value for value in ctx.saved_values)
    several = isinstance(result, tuple)
    results = result if several else (result,)
    if tape is not None:
        results = tuple([np.asarray(a) if isinstance(a, np.generic) else a for a in results])
        tape.applied(ctx, args, raw, options, results, begun)
    outputs = tuple([wrap(array, batch_last) for array in results])
    if cls.view:
        share(outputs, args[0])
    if needed:
        _record(ctx, args, raw, outputs)
    return outputs if several else outputs[0]


def wrap(array: Any, batch_last: bool) -> Tensor:
    """A result as a Tensor; in the private batch-last state if it may be and its memory is."""
    if isinstance(array, np.generic):  # a full reduction of NumPy's gives a scalar
        array = np.asarray(array)
    output = Tensor(array)
    if batch_last and not array.flags.c_contiguous and backend.on_cpu(array):
        output._batch_last = layout.order_of(array) == layout.BATCH_LAST
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


def _together(cls: type[Operation], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of both devices on one: a CPU tensor of one number goes along with the GPU's, others do not."""
    place = next(arg.device for arg in args if isinstance(arg, Tensor) and arg.is_cuda)
    for arg in args:
        if isinstance(arg, Tensor) and not arg.is_cuda and arg.ndim:
            raise _two_devices(cls, place, arg.device)
    return tuple([arg.to(place) if isinstance(arg, Tensor) else arg for arg in args])


def _one_gpu(cls: type[Operation], args: tuple[Any, ...]) -> int:
    """The number of the GPU that all arguments are on."""
    gpu: int | None = None
    for arg in args:
        if isinstance(arg, Tensor):
            other = int(arg._array.data.device_id)
            if gpu not in (None, other):
                raise _two_devices(cls, backend.device("cuda", gpu), arg.device)
            gpu = other
    assert gpu is not None
    return gpu


def _two_devices(cls: type[Operation], first: backend.device, second: backend.device) -> RuntimeError:
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {first} and {second}! "
        f"({cls.__name__} got them; move one with .to(...))"
    )


def _record(ctx: Operation, args: tuple[Any, ...], raw: list[Any], outputs: tuple[Tensor, ...]) -> None:
    ctx.sequence = next(sequence)
    if anomaly.state.enabled:
        ctx.__dict__["recorded_at"] = anomaly.place()
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
        if output._array.dtype.kind in "fV" and index not in ctx.no_gradient:
            output.requires_grad = True
            output.grad_fn = ctx
            output._output_index = index


def _keep(value: Any, args: tuple[Any, ...], raw: list[Any], outputs: tuple[Tensor, ...]) -> tuple[int, Any, Any, int]:
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
            return (OUTPUT, (index, output._version), value, output._version.count)
    return (_CONSTANT, None, value, 0)


def keep_before(node: Any, target: Tensor, begun: int) -> None:
    """Let the nodes recorded since `begun`, from `node` back, keep a copy of `target`, which is about to be written to:
    the derivative of an in-place operation is one of the values before."""
    before: Tensor | None = None
    ahead = [node]
    while ahead:
        node = ahead.pop()
        if not isinstance(node, Operation) or node.sequence < begun:
            continue
        ahead += [edge[0] for edge in node.edges if edge is not None]
        for index, (kind, source, array, _) in enumerate(node.saved_values):
            if kind == _INPUT and source is target:
                if before is None:
                    if recorder.tape is not None:
                        recorder.tape.refuse("changes in place a tensor that its own derivative needs")
                    before = wrap(array.copy(order="K"), target._batch_last)
                    before.requires_grad, before.grad_fn = target.requires_grad, target.grad_fn
                    before._output_index = target._output_index
                kept = (_INPUT, before, before._array, before._version.count)
                node.saved_values = (*node.saved_values[:index], kept, *node.saved_values[index + 1 :])


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
    output = wrap(array, True)
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


USED_TWICE = (
    "Trying to backward through the graph a second time: the saved values were freed by the first "
    "backward. Give retain_graph=True to the first call, or compute the loss anew"
)
