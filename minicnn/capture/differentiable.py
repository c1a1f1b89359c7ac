"""A recorded call: forward, and where its results have a history, backward."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn.autograd import engine
from minicnn.autograd.operation import Operation
from minicnn.autograd.tensor import Tensor
from minicnn.backend import array_module
from minicnn.capture.arrays import copied, on_gpu
from minicnn.capture.replay import Replay
from minicnn.capture.tape import Tape, listening
from minicnn.functional.conversion import clone
from minicnn.kernels import buffers, dispatch, layout


class Step:
    """One recorded call. `inputs` are copies of its arguments that belong to it, so that the numbers of the next call
    can be put where those of this one were."""

    def __init__(self, earlier: Tape | None, tensors: Sequence[Tensor]) -> None:
        self.tape = Tape(earlier)
        self.inputs = [_own(tensor) for tensor in tensors]
        self.result: Any = None  # what the function returns, with any Tensors in it
        for tensor in self.inputs:
            self.tape.own(tensor._array)
        self._given = tensors
        self._backward: Backward | None = None
        self._replay: Replay

    def record(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call the function and keep what it does; its result."""
        with listening(self.tape):
            result = function(*args, **kwargs)
            outputs = tensors_in(result)
            for output in outputs:
                output._make_plain()
        if any(leaf is given for leaf, _, _ in self.tape.leaves.values() for given in self._given):
            self.tape.refuse("leaves a gradient in an argument of the function")
        if self.tape.refusal is None and any(output.requires_grad for output in outputs):
            self._backward = Backward.of(self, outputs)
        if self.tape.refusal is not None:
            return result
        needed = [] if self._backward is None else self._backward.needed
        self._replay = Replay(self.tape, [t._array for t in self.inputs], [t._array for t in outputs], needed)
        results = self._results(self._given, [copied(output._array) for output in outputs])
        self._forget(result, len(outputs))
        return replaced(result, iter(results))

    def _forget(self, result: Any, count: int) -> None:
        """Let go of the arrays that were recorded: the replay has others in their place."""
        self.result = replaced(result, iter([Tensor(np.empty(0)) for _ in range(count)]))
        self.tape, self.inputs, self._given = Tape(), [], ()
        buffers.release_unused()  # the replay has memory of its own

    def fits(self) -> bool:
        """Whether a replay would do what the function does now."""
        return not self.is_busy() and self._replay.fits()

    def is_busy(self) -> bool:
        """Whether the last call still waits for its backward pass, which needs the buffers."""
        return self._backward is not None and self._backward.is_awaited()

    def __call__(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Replay with these arguments; the Tensors of the result."""
        return self._results(tensors, self._replay([t._array for t in tensors]))

    def _results(self, tensors: Sequence[Tensor], arrays: list[Any]) -> list[Tensor]:
        if self._backward is None:
            return [Tensor(array) for array in arrays]
        found = Replayed(*tensors, *self._backward.leaves, call=(self._backward, arrays))
        return list(found)


class Backward:
    """The recorded way back from the results of a call to its arguments and to all leaves that it met."""

    def __init__(self, outputs: Sequence[Tensor], inputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> None:
        self.leaves = list(leaves)
        self.generation = 0
        self.needed: list[Any] = []  # arrays of the forward pass
        self.cotangents = [_one_each(t._array) if t.requires_grad else None for t in outputs]
        self._grads: list[Any] = []
        self._replay: Replay
        self._last: Any = lambda: None  # the node of the last call, while it is alive
        self._wanted = [t for t in (*inputs, *leaves) if t.requires_grad]
        places = {id(t): place for place, t in enumerate(self._wanted)}
        self._places = [places.get(id(t)) for t in (*inputs, *leaves)]

    @classmethod
    def of(cls, step: Step, outputs: Sequence[Tensor]) -> Backward | None:
        """The way back of this call; None where the function went it itself."""
        found = _leaves([t for t in outputs if t.requires_grad], step.inputs)
        if found is None:
            return None
        self = cls(outputs, step.inputs, found)
        tape = step.tape.continued()
        cotangents = [Tensor(c) for c in self.cotangents if c is not None]
        for cotangent in cotangents:
            tape.own(cotangent._array)
        with listening(tape):
            collected = engine.collect([t for t in outputs if t.requires_grad], cotangents, self._wanted)
            arrays = [None if g is None else dispatch.in_order(g._array, layout.PLAIN) for g in collected]
        if tape.refusal is not None:
            step.tape.refusal = tape.refusal
            return None
        self._grads = arrays
        self.needed = [array for entry in tape.entries for array in entry.reads()]
        self._wanted = []
        self._replay = Replay(tape, [c._array for c in cotangents], [a for a in arrays if a is not None], [])
        return self

    def is_awaited(self) -> bool:
        """Whether a call may still go back through the buffers."""
        node = self._last()
        return node is not None and not node.done

    def expect(self, node: Replayed) -> None:
        """A call was made; `node` is its place in the graph."""
        self.generation += 1
        self._last = weakref.ref(node)

    def __call__(self, grads: Sequence[Any]) -> tuple[Any, ...]:
        """The gradients of arguments and leaves."""
        given = [
            array_module(c).zeros_like(c) if grad is None else grad
            for c, grad in zip(self.cotangents, grads, strict=True) if c is not None
        ]  # fmt: skip
        arrays = iter(self._replay(given))
        found = [None if g is None else next(arrays) for g in self._grads]
        return tuple(None if place is None else found[place] for place in self._places)


class Replayed(Operation):
    """A replayed call, as one node of the graph"""

    replayable = False

    def forward(ctx, *raw: Any, call: tuple[Backward, list[Any]]) -> Any:
        ctx.way, arrays = call
        ctx.way.expect(ctx)
        ctx.generation, ctx.done = ctx.way.generation, False
        ctx.no_gradient = tuple(i for i, c in enumerate(ctx.way.cotangents) if c is None)
        return tuple(arrays)

    def backward(ctx, *grads: Any) -> Any:
        if ctx.generation != ctx.way.generation:
            raise RuntimeError(
                "minicnn.compile: a later call of the compiled function has used the buffers of this one again, so "
                "there is no way back from it any more; go back before the next call, or do not compile the function"
            )
        if any(isinstance(grad, Tensor) for grad in grads):
            raise RuntimeError("minicnn.compile does not support double backward; call the function uncompiled")
        ctx.done = True
        return ctx.way(grads)

    def name(ctx) -> str:
        return "CompiledFunctionBackward"


def tensors_in(value: Any) -> list[Tensor]:
    """The Tensors in a result, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for part in value for t in tensors_in(part)] if isinstance(value, tuple | list) else []


def replaced(value: Any, new: Any) -> Any:
    """`value` with the next of `new` in place of each Tensor."""
    if isinstance(value, Tensor):
        return next(new)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[replaced(part, new) for part in value])
    if isinstance(value, tuple | list):
        return type(value)(replaced(part, new) for part in value)
    if isinstance(value, dict):
        return {name: replaced(part, new) for name, part in value.items()}
    return value


def _own(tensor: Tensor) -> Tensor:
    """A copy in the same memory order, that passes its gradient on to `tensor`."""
    if tensor.requires_grad:
        return clone(tensor)
    if on_gpu(tensor._array):
        return Tensor(tensor._array.copy())
    order = layout.BATCH_LAST if tensor._batch_last else layout.PLAIN
    array = layout.empty(tensor._array.shape, tensor._array.dtype, order)
    array[...] = tensor._array
    copy = Tensor(array)
    copy._batch_last = tensor._batch_last
    return copy


def _one_each(array: Any) -> Any:
    """1 for each element of a result."""
    return array_module(array).ones(array.shape, array.dtype)


def _leaves(outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor] | None:
    """The leaves that require grad on the way back from `outputs`, in the order in which they are met; the way ends at
    `inputs`. None if the way was gone before: its graph is freed."""
    ends = {id(t.grad_fn) for t in inputs if t.grad_fn is not None}
    waiting, seen, leaves = [t.grad_fn for t in outputs if t.grad_fn is not None], set(), {}
    while waiting:
        node = waiting.pop()
        if id(node) in seen or id(node) in ends:
            continue
        seen.add(id(node))
        if node.released:
            return None
        for edge in node.edges:
            if edge is not None and isinstance(edge[0], Tensor):
                leaves[id(edge[0])] = edge[0]
            elif edge is not None:
                waiting.append(edge[0])
    return list(leaves.values())
