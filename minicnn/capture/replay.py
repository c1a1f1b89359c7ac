"""A recorded step, ready to be done again: its calls in a row, what must still be true, what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.capture.arrays import copied, memory_id, on_gpu
from minicnn.capture.calls import Calls
from minicnn.capture.graphs import Graphs
from minicnn.capture.passes import optimised
from minicnn.capture.tape import KernelCall, Tape
from minicnn.kernels import dispatch


class Replay:
    """What a tape recorded, as calls or CUDA graphs (`way`). `inputs` are the arrays of the arguments, `outputs` those
    of the results; what is in the arrays `needed` must last until the next replay."""

    def __init__(self, tape: Tape, inputs: Sequence[Any], outputs: Sequence[Any], needed: Sequence[Any]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.grads = [(leaf, leaf.grad) for leaf, _, _ in tape.leaves.values()]
        keep = [*self.outputs, *needed, *(grad._array for _, grad in self.grads if grad is not None)]
        self.entries = optimised(tape, self.inputs, keep)
        self.way: Calls | Graphs
        if any(on_gpu(array) for entry in self.entries for array in entry.writes()):
            self.way = Graphs(self.entries, self.inputs)
        else:
            self.way = Calls(self.entries, self.inputs, {memory_id(array) for array in keep})
        self._guards = [*_same_modules(list(tape.modules.values())), *_same_tensors(tape), *tape.guards]

    def fits(self) -> bool:
        """Whether all that the recording took for granted is still so."""
        return all(guard() for guard in self._guards)

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """Do it again with the numbers of `arrays`; the results, copied."""
        self.way.put(arrays)
        self.way.run()
        for leaf, grad in self.grads:
            leaf._grad = grad
        if dispatch.is_recorded():
            for entry in self.entries:
                if isinstance(entry, KernelCall):
                    dispatch.note(entry.plan, self.way.device)
        return [copied(array) for array in self.outputs]


Guard = Callable[[], bool]
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# Guards are asked in every step, so their loops are `map`s: those run in a tenth of a microsecond an element.


def _same_modules(recorded: Sequence[tuple[Any, bool]]) -> list[Guard]:
    """Modules in the modes in which they were called, with the members that they had, and without hooks."""
    modules, modes = [module for module, _ in recorded], [training for _, training in recorded]
    hooks = [getattr(module, kind) for module in modules for kind in HOOKS]
    members = [
        (own, name, member)
        for module in modules
        for own in (module._parameters, module._buffers, module._modules)
        for name, member in own.items()
    ]
    dicts, names, values = ([row[i] for row in members] for i in range(3))
    mode = attrgetter("training")
    return [
        lambda: list(map(mode, modules)) == modes,
        lambda: not any(hooks),
        lambda: all(map(is_, map(dict.get, dicts, names), values)),
    ]


def _same_tensors(tape: Tape) -> list[Guard]:
    """Tensors from outside on the memory that they had, gradients that are added to as they were, and no hooks."""
    outside = [(tensor, array) for tensor, array in tape.externals.values() if isinstance(tensor, Tensor)]
    tensors, arrays = [tensor for tensor, _ in outside], [array for _, array in outside]
    counting = [(leaf, grad) for leaf, grad, counts in tape.leaves.values() if counts]
    leaves, grads = [leaf for leaf, _ in counting], [grad for _, grad in counting]
    array_of, grad_of, hooks_of = attrgetter("_array"), attrgetter("grad"), attrgetter("_hooks")
    stepped = [leaf for leaf, _, _ in tape.leaves.values()]
    return [
        lambda: all(map(is_, map(array_of, tensors), arrays)),
        lambda: all(map(is_, map(grad_of, leaves), grads)),
        lambda: not any(map(hooks_of, stepped)),
    ]
