"""A recorded step, ready to be done again: its calls in a row, what must still be true, what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn.autograd.tensor import Tensor
from minicnn.capture.passes import optimised
from minicnn.capture.tape import Entry, KernelCall, Tape
from minicnn.kernels import dispatch, threads

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Replay:
    """What a tape recorded, as calls. `inputs` are the arrays of the arguments, `outputs` those of the results; what is
    in the arrays `needed` must last until the next replay."""

    def __init__(self, tape: Tape, inputs: Sequence[Any], outputs: Sequence[Any], needed: Sequence[Any]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.grads = [(leaf, leaf.grad) for leaf, _, _ in tape.leaves.values()]
        keep = [*self.outputs, *needed, *(grad._array for _, grad in self.grads if grad is not None)]
        self.entries = optimised(tape, self.inputs, keep)
        self._calls = bound(self.entries)
        self._modules = list(tape.modules.values())
        self._members = [
            (members, name, member)
            for module, _ in tape.modules.values()
            for members in (module._parameters, module._buffers, module._modules)
            for name, member in members.items()
        ]
        self._arrays = [(tensor, array) for tensor, array in tape.externals.values() if isinstance(tensor, Tensor)]
        self._grads_before = [(leaf, grad) for leaf, grad, counts in tape.leaves.values() if counts]
        self._guards = tape.guards

    def fits(self) -> bool:
        """Whether all that the recording took for granted is still so."""
        for module, training in self._modules:
            if module.training is not training or module._forward_hooks or module._forward_pre_hooks:
                return False
        for members, name, member in self._members:
            if members.get(name) is not member:
                return False
        for tensor, array in self._arrays:
            if tensor._array is not array:
                return False
        for leaf, grad in self._grads_before:
            if leaf.grad is not grad:
                return False
        return all(guard() for guard in self._guards)

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """Do it again with the numbers of `arrays`; the results, copied."""
        for mine, given in zip(self.inputs, arrays, strict=True):
            mine[...] = given
        self.run()
        return [np.array(array) for array in self.outputs]

    def run(self) -> None:
        """Do it again on the numbers that are in `inputs`."""
        threads.enter()
        with np.errstate(all="ignore"):
            for function, args in self._calls:
                function(*args)
        for leaf, grad in self.grads:
            leaf.grad = grad
        if dispatch.is_recorded():
            for entry in self.entries:
                if isinstance(entry, KernelCall):
                    dispatch.note(entry.plan, "cpu")


def bound(entries: Sequence[Entry]) -> list[Call]:
    """The calls that the entries come to."""
    size = max((e.plan.scratch_bytes for e in entries if isinstance(e, KernelCall)), default=0)
    scratch = dispatch.aligned(size)
    found: list[Call] = []
    for entry in entries:
        if isinstance(entry, KernelCall):
            found += dispatch.calls(entry.plan, entry.outs, entry.ins, scratch[: entry.plan.scratch_bytes])
        else:
            found.append((entry.run, ()))
    return found
